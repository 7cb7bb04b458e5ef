"""Charts of the page on data dependency: learning curves, rare classes, wrong labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dashboard.charts import BLUE, FRAME, GREY, ORANGE, VERMILLION, Spec
from dashboard.inference.counts import tell_share
from dashboard.limits.learning_curve import Fit, Point
from dashboard.limits.sweep import Run

_STEPS = 40  # points of a curve
_TICKS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1)
_KNOWN, _LATER = "seen by the law", "not seen by it"


def plot_learning_curve(points: Sequence[Point], fit: Fit, used: int, furthest: float) -> Spec:
    """Return errors by the number of images, both on logarithmic axes, with the law and its band.

    The first ``used`` points are those that the law was fitted to; it is drawn to ``furthest``.
    """
    dots = [
        {"images": point.images, "error": error, "role": _KNOWN if i < used else _LATER}
        for i, point in enumerate(points)
        for error in point.errors
    ]
    sizes = np.geomspace(points[0].images, furthest, _STEPS)
    law = [
        {"images": float(n), "error": fit.law.predict(n), "low": low, "high": high}
        for n in sizes
        for low, high in (fit.bound(n),)
    ]
    told = "; ".join(f"{point.images}: {tell_share(point.error, 1)}" for point in points)
    x = {
        "field": "images",
        "type": "quantitative",
        "scale": {"type": "log"},
        "axis": {"title": "training images", "format": "~s", "tickCount": 5},
    }
    y = {
        "field": "error",
        "type": "quantitative",
        "scale": {"type": "log"},
        "axis": {"title": "errors on the test set", "format": "%", "values": list(_TICKS)},
    }
    roles = [_KNOWN, _LATER]
    color = {
        "field": "role",
        "type": "nominal",
        "scale": {"domain": roles, "range": [BLUE, ORANGE]},
        "legend": {"title": None, "orient": "top"},
    }
    return {
        **_frame(f"Errors by the number of training images, with a power law. {told}.", 340),
        "layer": [
            {
                "data": {"values": law},
                "mark": {"type": "area", "color": GREY, "opacity": 0.25},
                "encoding": {
                    "x": x,
                    "y": {**y, "field": "low"},
                    "y2": {"field": "high"},
                },
            },
            {
                "data": {"values": law},
                "mark": {"type": "line", "color": GREY, "strokeWidth": 2},
                "encoding": {"x": x, "y": y},
            },
            {
                "data": {"values": dots},
                "mark": {"type": "point", "filled": True, "size": 70, "opacity": 0.9},
                "encoding": {
                    "x": x,
                    "y": y,
                    "color": color,
                    "shape": {
                        "field": "role",
                        "type": "nominal",
                        "scale": {"domain": roles, "range": ["circle", "diamond"]},
                        "legend": {"title": None, "orient": "top"},
                    },
                    "tooltip": [
                        {"field": "images", "type": "quantitative", "format": ",d"},
                        {"field": "error", "type": "quantitative", "format": ".1%"},
                    ],
                },
            },
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
    scale = {"type": "log"} if is_logarithmic else {}
    x = {
        "field": "x",
        "type": "quantitative",
        "scale": scale,
        "axis": {"title": x_title, "format": "~s", "tickCount": 5},
    }
    y = {
        "field": "value",
        "type": "quantitative",
        "scale": {"domain": [0, 100]},
        "axis": {"title": y_title, "tickCount": 5},
    }
    line = {"field": "line", "type": "nominal"}
    legend = {"title": None, "orient": "top", "columns": 2, "symbolType": "stroke"}
    color = {
        **line,
        "scale": {"domain": names, "range": [BLUE, ORANGE, VERMILLION][: len(names)]},
        "legend": legend,
    }
    return {
        **_frame(summary, 280),
        "data": {"values": values},
        "encoding": {"x": x, "color": color},
        "layer": [
            {
                "mark": {"type": "line", "strokeWidth": 2.5},
                "encoding": {
                    "y": {**y, "aggregate": "mean"},
                    "strokeDash": {
                        **line,
                        "scale": {"domain": names, "range": [[1, 0], [6, 3], [2, 2]][: len(names)]},
                        "legend": None,
                    },
                },
            },
            {
                "mark": {"type": "point", "filled": True, "size": 50},
                "encoding": {
                    "y": y,
                    "tooltip": [
                        {"field": "line", "type": "nominal", "title": "of"},
                        {"field": "x", "type": "quantitative", "title": x_title},
                        {"field": "value", "type": "quantitative", "title": y_title},
                    ],
                },
            },
        ],
    }


def create_points(groups: Sequence[Sequence[Run]]) -> list[Point]:
    """Return the points of a learning curve: one a group of runs on as many images."""
    return [
        Point(runs[0].images, tuple(1 - run.accuracy / 100 for run in runs), runs[0].tested)
        for runs in groups
    ]


def _frame(description: str, height: int) -> Spec:
    return {
        **FRAME,
        "description": description,
        "height": height,
    }
