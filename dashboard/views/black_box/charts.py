"""Charts of the page on black boxes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dashboard.charts import (
    BLUE,
    GREY,
    create_frame,
    create_layer,
    encode_name,
    encode_number,
    tell_apart,
)
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
        **create_frame(
            f"Insertion minus deletion by map, best first: {spoken}.", 22 * len(rows) + 40
        ),
        **create_layer(
            "bar",
            {
                "y": encode_name("map", sort=names, axis={"title": None, "labelLimit": 190}),
                "x": encode_number(
                    "score",
                    stack=None,
                    axis={"title": "insertion minus deletion", "tickCount": 5},
                ),
                **tell_apart("kind", kinds, color=(BLUE, GREY)),
                "tooltip": [encode_name("map"), encode_number("score", format="+.3f")],
            },
            rows,
            cornerRadiusEnd=2,
            height=13,
        ),
    }


def _kind(entry: Entry) -> str:
    return "knows nothing of the network" if entry.is_trivial else "method"
