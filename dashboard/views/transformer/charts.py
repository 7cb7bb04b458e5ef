"""Which words matter, by attention, by gradient and by experiment, as a Vega-Lite chart."""

from __future__ import annotations

from dashboard.charts import (
    BLUE,
    GREEN,
    LEGEND,
    ORANGE,
    Spec,
    create_frame,
    create_layer,
    encode_name,
    encode_number,
    tell_apart,
)
from dashboard.sequences.word_evidence import ATTENTION, EXPERIMENT, GRADIENT, Evidence

TITLES = {ATTENTION: "attention", GRADIENT: "gradient × input", EXPERIMENT: "word taken away"}


def plot_evidence(evidence: Evidence, labels: tuple[str, ...]) -> Spec:
    """Return three bars a word, each kind in shares of its own sum; ``labels`` are all pieces."""
    rows: list[Spec] = []
    for name, title in TITLES.items():
        sizes = evidence.sizes[name]
        total = float(sizes.sum()) or 1.0
        rows += [
            {"word": f"{number + 1} {labels[place]}", "by": title, "share": float(size) / total}
            for number, (place, size) in enumerate(zip(evidence.places, sizes, strict=True))
        ]
    order = [f"{number + 1} {labels[place]}" for number, place in enumerate(evidence.places)]
    most = {
        title: max((row for row in rows if row["by"] == title), key=lambda row: row["share"])
        for title in TITLES.values()
    }
    summary = "; ".join(f"most by {title}: {row['word']}" for title, row in most.items())
    titles = list(TITLES.values())
    legend = {**LEGEND, "columns": 2, "labelLimit": 200}
    words = {"title": None, "labelAngle": -60, "labelOverlap": False}
    shares = {"title": "share", "format": "%", "tickCount": 4}
    encoding = {
        "x": encode_name("word", sort=order, axis=words),
        "xOffset": {"field": "by", "sort": titles},
        "y": encode_number("share", stack=None, axis=shares),
        **tell_apart("by", titles, legend, color=(BLUE, ORANGE, GREEN)),
    }
    return {
        **create_frame(f"Bars of how much each word matters. {summary}.", 340),
        **create_layer("bar", encoding, rows, tooltip=True),
    }
