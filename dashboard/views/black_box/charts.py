"""Charts of the page on black boxes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dashboard.charts import (
    TONE_COLORS,
    create_frame,
    create_layer,
    encode_name,
    encode_number,
    tell_apart,
)
from dashboard.explanation.ranking import Entry
from dashboard.faithfulness.verdict import Outcome

_KINDS = {
    Outcome.BELIEVABLE: "believable",
    Outcome.DEPENDS: "depends on the removal",
    Outcome.NO_BETTER: "no better than blind",
    Outcome.YARDSTICK: "knows nothing of the network",
}


def plot_contest(entries: Sequence[Entry]) -> dict[str, Any]:
    """Return horizontal bars of the scores, best first, coloured by what may be said of the map."""
    names = [f"{e.title} (trivial)" if e.is_trivial else e.title for e in entries]
    rows = [
        {"map": name, "score": round(entry.score, 4), "kind": _KINDS[entry.outcome]}
        for name, entry in zip(names, entries, strict=True)
    ]
    spoken = "; ".join(f"{row['map']} {row['score']:.2f}, {row['kind']}" for row in rows)
    colors = [TONE_COLORS[outcome.tone] for outcome in _KINDS]
    return {
        **create_frame(
            f"Agreement with what the network loses, by map, best first: {spoken}.",
            22 * len(rows) + 40,
        ),
        **create_layer(
            "bar",
            {
                "y": encode_name("map", sort=names, axis={"title": None, "labelLimit": 190}),
                "x": encode_number(
                    "score",
                    stack=None,
                    axis={"title": "agreement with what the network loses", "tickCount": 5},
                ),
                **tell_apart("kind", list(_KINDS.values()), color=colors),
                "tooltip": [encode_name("map"), encode_number("score", format="+.3f")],
            },
            rows,
            cornerRadiusEnd=2,
            height=13,
        ),
    }
