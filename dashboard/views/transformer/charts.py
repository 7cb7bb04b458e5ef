"""Which words matter, by attention, by gradient and by experiment, as a Vega-Lite chart."""

from __future__ import annotations

from dashboard.charts import BLUE, FRAME, GREEN, ORANGE, Spec
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
    scale = {"domain": list(TITLES.values()), "range": [BLUE, ORANGE, GREEN]}
    return {
        **FRAME,
        "description": f"Bars of how much each word matters. {summary}.",
        "height": 340,
        "data": {"values": rows},
        "mark": {"type": "bar", "tooltip": True},
        "encoding": {
            "x": {
                "field": "word",
                "type": "nominal",
                "sort": order,
                "axis": {"title": None, "labelAngle": -60, "labelOverlap": False},
            },
            "xOffset": {"field": "by", "sort": list(TITLES.values())},
            "y": {
                "field": "share",
                "type": "quantitative",
                "stack": None,
                "axis": {"title": "share", "format": "%", "tickCount": 4},
            },
            "color": {
                "field": "by",
                "type": "nominal",
                "scale": scale,
                "legend": {"title": None, "orient": "top", "columns": 2, "labelLimit": 200},
            },
        },
    }
