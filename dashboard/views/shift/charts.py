"""Charts of the page on distribution shift, as Vega-Lite specifications; see charts.py."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from dashboard.charts import BLUE, FRAME, GREEN, GREY, ORANGE, PURPLE, VERMILLION, Spec
from dashboard.inference.counts import tell_share
from dashboard.inference.model import Doubles
from dashboard.limits.sample_shift import SampleShift

_N_BARS = 30
_SETS = (BLUE, ORANGE, PURPLE)
_PERCENT: Spec = {"format": "%", "tickCount": 5}


def plot_severities(shift: SampleShift) -> Spec:
    """Return accuracy and mean confidence, as it is and scaled, by severity."""
    lines = {
        "accuracy": [each.plain.accuracy for each in shift.levels],
        "confidence": [each.plain.confidence for each in shift.levels],
        "confidence, scaled": [each.scaled.confidence for each in shift.levels],
    }
    rows = [
        {"severity": level.severity, "share": round(values[index], 4), "line": name}
        for name, values in lines.items()
        for index, level in enumerate(shift.levels)
    ]
    worst = "; ".join(f"{name} {tell_share(values[-1])}" for name, values in lines.items())
    legend = {"title": None, "orient": "top", "symbolType": "stroke", "labelLimit": 220}
    key = {"field": "line", "type": "nominal", "legend": legend}
    names = list(lines)
    return {
        **FRAME,
        "description": f"Accuracy and confidence by severity. At severity 5: {worst}.",
        "height": 340,
        "data": {"values": rows},
        "mark": {"type": "line", "point": True, "strokeWidth": 2.5, "tooltip": True},
        "encoding": {
            "x": {
                "field": "severity",
                "type": "quantitative",
                "axis": {"tickCount": 5, "format": "d", "title": "severity"},
            },
            "y": {
                "field": "share",
                "type": "quantitative",
                "scale": {"domain": [0, 1]},
                "axis": {"title": None, **_PERCENT},
            },
            "color": {**key, "scale": {"domain": names, "range": [BLUE, VERMILLION, ORANGE]}},
            "strokeDash": {**key, "scale": {"domain": names, "range": [[1, 0], [6, 3], [2, 3]]}},
        },
    }


def plot_reliability(shift: SampleShift) -> Spec:
    """Return accuracy by confidence, before and after scaling, with a slider over severities."""
    rows = []
    for level in shift.levels:
        for name, side in (("as it is", level.plain), ("temperature scaled", level.scaled)):
            rows += [
                {
                    "severity": level.severity,
                    "confidence": round(each.confidence, 4),
                    "accuracy": round(each.accuracy, 4),
                    "pictures": each.count,
                    "network": name,
                }
                for each in side.bins
            ]
    key = {"field": "network", "type": "nominal", "legend": {"title": None, "orient": "top"}}
    axis = {"type": "quantitative", "scale": {"domain": [0, 1]}}
    names = ["as it is", "temperature scaled"]
    diagonal = [{"confidence": 0, "accuracy": 0}, {"confidence": 1, "accuracy": 1}]
    return {
        **FRAME,
        "description": "Reliability diagram: accuracy of answers of about one confidence. On the "
        "diagonal a network is as often right as it says.",
        "height": 340,
        "params": [
            {
                "name": "level",
                "value": 0,
                "bind": {"input": "range", "min": 0, "max": 5, "step": 1, "name": "Severity "},
            }
        ],
        "encoding": {
            "x": {"field": "confidence", **axis, "axis": {"title": "confidence", **_PERCENT}},
            "y": {"field": "accuracy", **axis, "axis": {"title": "accuracy", **_PERCENT}},
        },
        "layer": [
            {
                "data": {"values": diagonal},
                "mark": {"type": "line", "color": GREY, "strokeWidth": 1},
            },
            {
                "data": {"values": rows},
                "transform": [{"filter": "datum.severity == level"}],
                "mark": {"type": "point", "filled": True, "opacity": 0.85},
                "encoding": {
                    "color": {**key, "scale": {"domain": names, "range": [VERMILLION, ORANGE]}},
                    "shape": {**key, "scale": {"domain": names, "range": ["circle", "diamond"]}},
                    "size": {
                        "field": "pictures",
                        "type": "quantitative",
                        "scale": {"type": "sqrt", "range": [15, 400]},
                        "legend": None,
                    },
                    "tooltip": [
                        {"field": "network", "type": "nominal"},
                        {"field": "confidence", "type": "quantitative", "format": ".0%"},
                        {"field": "accuracy", "type": "quantitative", "format": ".0%"},
                        {"field": "pictures", "type": "quantitative"},
                    ],
                },
            },
        ],
    }


def plot_errors(errors: Mapping[str, Mapping[str, float]], order: Sequence[str]) -> Spec:
    """Return each network's mean error by corruption; ``errors``: network -> corruption -> %."""
    rows = [
        {"network": network, "corruption": name, "error": round(row[name], 1)}
        for network, row in errors.items()
        for name in order
    ]
    key = {
        "field": "network",
        "type": "nominal",
        "legend": {"title": None, "orient": "top", "columns": 1},
    }
    return {
        **FRAME,
        "description": "Mean error over severities 1 to 5, by corruption and network.",
        "height": 20 * len(order) + 90,
        "data": {"values": rows},
        "mark": {"type": "point", "filled": True, "size": 70, "tooltip": True, "opacity": 1},
        "encoding": {
            "y": {
                "field": "corruption",
                "type": "nominal",
                "sort": list(order),
                "axis": {"title": None, "grid": True, "labelLimit": 200, "labelOverlap": False},
            },
            "x": {
                "field": "error",
                "type": "quantitative",
                "scale": {"domainMin": 0},
                "axis": {"title": "wrong answers, %"},
            },
            "color": {**key, "scale": {"range": [BLUE, ORANGE, GREEN]}},
            "shape": key,
        },
    }


def plot_scores(
    name: str, sets: Mapping[str, Doubles], threshold: float, own: float | None
) -> Spec:
    """Return the spread of a score over sets of pictures, the first being the familiar one.

    The rules are the threshold, and the reader's own picture where there is one.
    """
    together = np.concatenate([*sets.values(), [] if own is None else [own]])
    edges = np.linspace(together.min(), together.max(), _N_BARS + 1)
    middle = (edges[1:] + edges[:-1]) / 2
    rows = []
    for title, values in sets.items():
        shares = np.histogram(values, edges)[0] / len(values)
        rows += [
            {"score": round(float(x), 5), "share": round(float(y), 5), "pictures": title}
            for x, y in zip(middle, shares, strict=True)
        ]
    marks = [{"score": threshold, "mark": "threshold"}]
    marks += [] if own is None else [{"score": own, "mark": "your picture"}]
    key = {"field": "pictures", "type": "nominal", "legend": {"title": None, "orient": "top"}}
    names = list(sets)
    return {
        **FRAME,
        "description": f"{name}: how often each value occurs among {', '.join(names)}.",
        "height": 280,
        "layer": [
            {
                "data": {"values": rows},
                "mark": {"type": "area", "line": True, "opacity": 0.25, "interpolate": "step"},
                "encoding": {
                    "x": {
                        "field": "score",
                        "type": "quantitative",
                        "scale": {"zero": False, "nice": False},
                        "axis": {"title": f"{name.lower()}: unfamiliar to familiar"},
                    },
                    "y": {
                        "field": "share",
                        "type": "quantitative",
                        "stack": None,
                        "axis": {"title": "share of the pictures", **_PERCENT},
                    },
                    "color": {**key, "scale": {"domain": names, "range": list(_SETS)}},
                },
            },
            {
                "data": {"values": marks},
                "mark": {"type": "rule", "strokeWidth": 2.5, "tooltip": True},
                "encoding": {
                    "x": {"field": "score", "type": "quantitative"},
                    "strokeDash": {
                        "field": "mark",
                        "type": "nominal",
                        "legend": {"title": None, "orient": "top"},
                        "scale": {
                            "domain": ["threshold", "your picture"],
                            "range": [[6, 4], [1, 0]],
                        },
                    },
                    "color": {"value": GREY},
                },
            },
        ],
    }
