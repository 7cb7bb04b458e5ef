"""Charts of the page on distribution shift, as Vega-Lite specifications; see charts.py."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from dashboard.charts import (
    BLUE,
    GREEN,
    GREY,
    LEGEND,
    ORANGE,
    PURPLE,
    UNIT,
    VERMILLION,
    Spec,
    create_frame,
    create_layer,
    encode_name,
    encode_number,
    tell_apart,
)
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
    legend = {**LEGEND, "symbolType": "stroke", "labelLimit": 220}
    colors, dashes = (BLUE, VERMILLION, ORANGE), ([1, 0], [6, 3], [2, 3])
    axis = {"tickCount": 5, "format": "d", "title": "severity"}
    encoding = {
        "x": encode_number("severity", axis=axis),
        "y": encode_number("share", scale=UNIT, axis={"title": None, **_PERCENT}),
        **tell_apart("line", list(lines), legend, color=colors, strokeDash=dashes),
    }
    return {
        **create_frame(f"Accuracy and confidence by severity. At severity 5: {worst}.", 340),
        **create_layer("line", encoding, rows, point=True, strokeWidth=2.5, tooltip=True),
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
    names = ("as it is", "temperature scaled")
    diagonal = [{"confidence": 0, "accuracy": 0}, {"confidence": 1, "accuracy": 1}]
    dots = {
        **tell_apart("network", names, color=(VERMILLION, ORANGE), shape=("circle", "diamond")),
        "size": encode_number("pictures", scale={"type": "sqrt", "range": [15, 400]}, legend=None),
        "tooltip": [
            encode_name("network"),
            encode_number("confidence", format=".0%"),
            encode_number("accuracy", format=".0%"),
            encode_number("pictures"),
        ],
    }
    at_level = {"transform": [{"filter": "datum.severity == level"}]}
    return {
        **create_frame(
            "Reliability diagram: accuracy of answers of about one confidence. On the "
            "diagonal a network is as often right as it says.",
            340,
        ),
        "params": [
            {
                "name": "level",
                "value": 0,
                "bind": {"input": "range", "min": 0, "max": 5, "step": 1, "name": "Severity "},
            }
        ],
        "encoding": {
            channel: encode_number(field, scale=UNIT, axis={"title": field, **_PERCENT})
            for channel, field in (("x", "confidence"), ("y", "accuracy"))
        },
        "layer": [
            create_layer("line", {}, diagonal, color=GREY, strokeWidth=1),
            {**at_level, **create_layer("point", dots, rows, filled=True, opacity=0.85)},
        ],
    }


def plot_errors(errors: Mapping[str, Mapping[str, float]], order: Sequence[str]) -> Spec:
    """Return each network's mean error by corruption; ``errors``: network -> corruption -> %."""
    rows = [
        {"network": network, "corruption": name, "error": round(row[name], 1)}
        for network, row in errors.items()
        for name in order
    ]
    key = encode_name("network", legend={**LEGEND, "columns": 1})
    axis = {"title": None, "grid": True, "labelLimit": 200, "labelOverlap": False}
    encoding = {
        "y": encode_name("corruption", sort=list(order), axis=axis),
        "x": encode_number("error", scale={"domainMin": 0}, axis={"title": "wrong answers, %"}),
        "color": {**key, "scale": {"range": [BLUE, ORANGE, GREEN]}},
        "shape": key,
    }
    return {
        **create_frame(
            "Mean error over severities 1 to 5, by corruption and network.", 20 * len(order) + 90
        ),
        **create_layer("point", encoding, rows, filled=True, size=70, tooltip=True, opacity=1),
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
    names = list(sets)
    spread = {
        "x": encode_number(
            "score",
            scale={"zero": False, "nice": False},
            axis={"title": f"{name.lower()}: unfamiliar to familiar"},
        ),
        "y": encode_number(
            "share", stack=None, axis={"title": "share of the pictures", **_PERCENT}
        ),
        **tell_apart("pictures", names, color=_SETS),
    }
    rule = {
        "x": encode_number("score"),
        **tell_apart("mark", ("threshold", "your picture"), strokeDash=([6, 4], [1, 0])),
        "color": {"value": GREY},
    }
    return {
        **create_frame(f"{name}: how often each value occurs among {', '.join(names)}.", 280),
        "layer": [
            create_layer("area", spread, rows, line=True, opacity=0.25, interpolate="step"),
            create_layer("rule", rule, marks, strokeWidth=2.5, tooltip=True),
        ],
    }
