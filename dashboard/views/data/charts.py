"""Charts of the page on data dependency: learning curves, rare classes, wrong labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dashboard.charts import (
    BLUE,
    GREY,
    LEGEND,
    LOGARITHMIC,
    ORANGE,
    VERMILLION,
    Spec,
    create_frame,
    create_layer,
    encode_name,
    encode_number,
    tell_apart,
)
from dashboard.inference.counts import tell_share
from dashboard.limits.learning_curve import Fit, Point
from dashboard.limits.sweep import Run

_STEPS = 40  # points of a curve
_TICKS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1)
_KNOWN, _LATER = "seen by the law", "not seen by it"


def plot_learning_curve(
    points: Sequence[Point],
    fit: Fit,
    used: int,
    furthest: float,
    beside: Mapping[str, Sequence[Point]],
) -> Spec:
    """Return errors by the number of images, both on logarithmic axes, with the law and its band.

    The first ``used`` points are those that the law was fitted to; it is drawn to ``furthest``.
    ``beside`` are the points of another sweep, by its name, which the law has nothing to do with.
    """
    roles = [(_KNOWN if i < used else _LATER, point) for i, point in enumerate(points)]
    roles += [(name, point) for name, others in beside.items() for point in others]
    dots = [
        {"images": point.images, "error": error, "role": role}
        for role, point in roles
        for error in point.errors
    ]
    names = (_KNOWN, _LATER, *(name for name, others in beside.items() if others))
    sizes = np.geomspace(points[0].images, furthest, _STEPS)
    law = [
        {"images": float(n), "error": fit.law.predict(n), "low": low, "high": high}
        for n in sizes
        for low, high in (fit.bound(n),)
    ]
    told = "; ".join(
        f"{role}, {point.images}: {tell_share(point.error, 1)}" for role, point in roles
    )
    x = encode_number(
        "images",
        scale=LOGARITHMIC,
        axis={"title": "training images", "format": "~s", "tickCount": 5},
    )
    errors = {"title": "errors on the test set", "format": "%", "values": list(_TICKS)}
    y = encode_number("error", scale=LOGARITHMIC, axis=errors)
    band = {"x": x, "y": {**y, "field": "low"}, "y2": {"field": "high"}}
    dot = {
        "x": x,
        "y": y,
        **tell_apart(
            "role",
            names,
            {**LEGEND, "columns": 2, "labelLimit": 260},
            color=(BLUE, ORANGE, VERMILLION),
            shape=("circle", "diamond", "triangle-up"),
        ),
        "tooltip": [encode_number("images", format=",d"), encode_number("error", format=".1%")],
    }
    return {
        **create_frame(f"Errors by the number of training images, with a power law. {told}.", 340),
        "layer": [
            create_layer("area", band, law, color=GREY, opacity=0.25),
            create_layer("line", {"x": x, "y": y}, law, color=GREY, strokeWidth=2),
            create_layer("point", dot, dots, filled=True, size=70, opacity=0.9),
        ],
    }


@dataclass(frozen=True)
class Row:
    """A point of a line: ``value`` in percent at ``x``, a count or a share in percent."""

    line: str
    x: float
    value: float


def plot_lines(
    rows: Sequence[Row], x_title: str, y_title: str, *, is_logarithmic: bool, summary: str
) -> Spec:
    """Return one line a name through the mean at each x, with a dot a row; at most three names."""
    names = list(dict.fromkeys(row.line for row in rows))
    values = [{"line": row.line, "x": row.x, "value": round(row.value, 2)} for row in rows]
    x = encode_number(
        "x",
        scale=LOGARITHMIC if is_logarithmic else {},
        axis={"title": x_title, "format": "~s", "tickCount": 5},
    )
    y = encode_number("value", scale={"domain": [0, 100]}, axis={"title": y_title, "tickCount": 5})
    legend = {**LEGEND, "columns": 2, "symbolType": "stroke"}
    dashes = tell_apart("line", names, None, strokeDash=([1, 0], [6, 3], [2, 2]))
    hover = [
        encode_name("line", title="of"),
        encode_number("x", title=x_title),
        encode_number("value", title=y_title),
    ]
    return {
        **create_frame(summary, 280),
        "data": {"values": values},
        "encoding": {
            "x": x,
            **tell_apart("line", names, legend, color=(BLUE, ORANGE, VERMILLION)),
        },
        "layer": [
            create_layer("line", {"y": {**y, "aggregate": "mean"}, **dashes}, strokeWidth=2.5),
            create_layer("point", {"y": y, "tooltip": hover}, filled=True, size=50),
        ],
    }


def create_points(groups: Sequence[Sequence[Run]]) -> list[Point]:
    """Return the points of a learning curve: one a group of runs on as many images."""
    return [
        Point(runs[0].images, tuple(1 - run.accuracy / 100 for run in runs), runs[0].tested)
        for runs in groups
    ]
