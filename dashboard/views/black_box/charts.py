"""Charts of the page on black boxes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dashboard.charts import BLUE, FRAME, GREY
from dashboard.explanation.ranking import Entry


def plot_contest(entries: Sequence[Entry]) -> dict[str, Any]:
    """Return horizontal bars of the scores, best first; trivial maps in grey and named so."""
    names = [f"{e.title} (trivial)" if e.is_trivial else e.title for e in entries]
    rows = [
        {"map": name, "score": round(entry.score, 4), "kind": _kind(entry)}
        for name, entry in zip(names, entries, strict=True)
    ]
    spoken = "; ".join(f"{row['map']} {row['score']:.2f}" for row in rows)
    kinds = [_kind(Entry("", 0, flag)) for flag in (False, True)]
    return {
        **FRAME,
        "description": f"Insertion minus deletion by map, best first: {spoken}.",
        "height": 22 * len(rows) + 40,
        "data": {"values": rows},
        "mark": {"type": "bar", "cornerRadiusEnd": 2, "height": 13},
        "encoding": {
            "y": {
                "field": "map",
                "type": "nominal",
                "sort": names,
                "axis": {"title": None, "labelLimit": 190},
            },
            "x": {
                "field": "score",
                "type": "quantitative",
                "stack": None,
                "axis": {"title": "insertion minus deletion", "tickCount": 5},
            },
            "color": {
                "field": "kind",
                "type": "nominal",
                "scale": {"domain": kinds, "range": [BLUE, GREY]},
                "legend": {"title": None, "orient": "top"},
            },
            "tooltip": [
                {"field": "map", "type": "nominal"},
                {"field": "score", "type": "quantitative", "format": "+.3f"},
            ],
        },
    }


def _kind(entry: Entry) -> str:
    return "knows nothing of the network" if entry.is_trivial else "method"
