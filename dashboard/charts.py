"""Data -> chart, as Vega-Lite specifications, and the colours that all charts share.

Plain dicts, because validating one in Altair costs a rerun 15 ms: the tests validate them. Text
has no colour of its own and the background is transparent, so the page's theme, light or dark,
decides. "width: container" follows the page; Vega-Lite has that for single views only, not for
facets, so small multiples are a list of charts that the page lays out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dashboard.faithfulness.curves import Curve
from dashboard.inference.counts import tell_share
from dashboard.inference.latency import Latency

Spec = dict[str, Any]

# Okabe and Ito 2008, "Color Universal Design" (jfly.uni-koeln.de/color): apart for every kind of
# colour vision. Lines use only those that also stand out on white and on near-black.
BLACK, ORANGE, SKY_BLUE, GREEN = "#000000", "#E69F00", "#56B4E9", "#009E73"
YELLOW, BLUE, VERMILLION, PURPLE = "#F0E442", "#0072B2", "#D55E00", "#CC79A7"
GREY = "#8A8F99"

INSERTION_COLOR, DELETION_COLOR = BLUE, VERMILLION
TARGET_COLOR, VERSUS_COLOR, OTHER_COLOR = BLUE, ORANGE, GREY
# By the tone of a verdict; the sentence says it too, colour is never alone.
TONE_COLORS = {"good": GREEN, "middling": ORANGE, "poor": VERMILLION, "unknown": GREY}

# What every chart begins with. Shares are written as ``tell_share`` writes them: "93 %".
FRAME: Spec = {
    "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
    "background": "transparent",
    "width": "container",
    "config": {
        "locale": {
            "number": {
                "decimal": ".",
                "thousands": ",",
                "grouping": [3],
                "currency": ["$", ""],
                "percent": "\u00a0%",
            }
        }
    },
}
LEGEND: Spec = {"title": None, "orient": "top"}
LOGARITHMIC: Spec = {"type": "log"}
UNIT: Spec = {"domain": [0, 1]}  # of a share or a probability
_LABEL_LENGTH = 30


def create_frame(description: str, height: int) -> Spec:
    """Return what every chart begins with; ``description`` is told instead of seen, a sentence."""
    return {**FRAME, "description": description, "height": height}


def encode_number(field: str, **more: Any) -> Spec:
    """Return the channel that shows a quantity; ``more`` is Vega-Lite's: scale, axis, format."""
    return {"field": field, "type": "quantitative", **more}


def encode_name(field: str, **more: Any) -> Spec:
    """Return the channel that shows a name; ``more`` is Vega-Lite's: sort, axis, legend."""
    return {"field": field, "type": "nominal", **more}


def tell_apart(
    field: str, names: Sequence[str], legend: Spec | None = LEGEND, **looks: Sequence[object]
) -> Spec:
    """Return channels that tell a field's names apart, such as color=[BLUE, ORANGE]: one a name."""
    return {
        channel: encode_name(
            field,
            scale={"domain": list(names), "range": list(look[: len(names)])},
            legend=legend,
        )
        for channel, look in looks.items()
    }


def create_layer(
    kind: str, encoding: Spec, rows: Sequence[Spec] | None = None, **look: Any
) -> Spec:
    """Return marks of a ``kind`` that look so, over ``rows`` or those of the chart around it."""
    data = {} if rows is None else {"data": {"values": rows}}
    return {**data, "mark": {"type": kind, **look}, "encoding": encoding}


def curve_points(curve: Curve) -> list[list[float]]:
    """Return the points [fraction, probability] to four digits, for JSON."""
    return [
        [round(x, 4), round(y, 4)]
        for x, y in zip(curve.fractions, curve.probabilities, strict=True)
    ]


def plot_top_classes(
    labels: Sequence[str],
    probs: Sequence[float],
    highlighted: int | None = None,
    versus: int | None = None,
) -> Spec:
    """Return horizontal bars of the top classes, most probable first as given.

    ``probs`` in [0, 1]. ``highlighted`` is the row (0 = top) of the class that is explained,
    ``versus`` of the one it is contrasted with; None where it is not among the rows.
    """
    roles = ["explained" if i == highlighted else "other" for i in range(len(labels))]
    if versus is not None and versus != highlighted and versus < len(roles):
        roles[versus] = "contrasted with"
    names = _create_row_names(labels, probs)
    rows = [
        {"class": name, "label": label, "probability": float(p), "role": role}
        for name, label, p, role in zip(names, labels, probs, roles, strict=True)
    ]
    bold = names[highlighted] if highlighted is not None and highlighted < len(names) else ""
    return {
        **create_frame(
            f"Bar chart of the most probable classes: {'; '.join(names)}.", 28 * len(names) + 30
        ),
        **create_layer("bar", _encode_top_classes(names, bold), rows, cornerRadiusEnd=3, height=16),
    }


def _create_row_names(labels: Sequence[str], probs: Sequence[float]) -> list[str]:
    """Return each row's axis label, unique: two bars of one name would be drawn as one."""
    names: list[str] = []
    for label, p in zip(labels, probs, strict=True):
        short = label if len(label) <= _LABEL_LENGTH else f"{label[: _LABEL_LENGTH - 1]}…"
        name = f"{short}  {tell_share(p, 1)}"
        names.append(name if name not in names else f"{name} ({names.count(name) + 1})")
    return names


def _encode_top_classes(names: list[str], bold: str) -> Spec:
    weight = {"condition": {"test": {"field": "value", "equal": bold}, "value": "bold"}}
    axis = {"title": None, "labelLimit": 260, "labelFontWeight": {**weight, "value": "normal"}}
    roles = ["explained", "contrasted with", "other"]
    colors = (TARGET_COLOR, VERSUS_COLOR, OTHER_COLOR)
    percent = {"title": None, "format": "%", "tickCount": 4}
    return {
        "y": encode_name("class", sort=names, axis=axis),
        "x": encode_number("probability", scale=UNIT, axis=percent),
        **tell_apart("role", roles, legend=None, color=colors),
        "tooltip": [
            encode_name("label", title="class"),
            encode_number("probability", format=".2%"),
        ],
    }


def plot_latency(points: Sequence[tuple[str, int, Latency]]) -> Spec:
    """Return time against work, both on logarithmic axes, a labelled point a network.

    ``points`` are (name, multiply-accumulates, measured milliseconds); bars are the intervals.
    """
    values = [
        {
            "name": name,
            "macs": macs,
            "p50": round(latency.p50, 4),
            "low": round(latency.low, 4),
            "high": round(latency.high, 4),
        }
        for name, macs, latency in points
    ]
    work = {"title": "multiplications", "axis": {"format": "~s"}}
    time = {"scale": LOGARITHMIC, "title": "time here, ms"}
    low, middle = encode_number("low", **time), encode_number("p50", **time)
    hover = [{"field": name} for name in ("name", "macs", "p50")]
    named = {"y": middle, "text": {"field": "name"}}
    return {
        **create_frame(f"Time against multiplications: {'; '.join(p[0] for p in points)}.", 260),
        "data": {"values": values},
        "encoding": {"x": encode_number("macs", scale=LOGARITHMIC, **work)},
        "layer": [
            create_layer("rule", {"y": low, "y2": {"field": "high"}}, color=GREY),
            create_layer(
                "point", {"y": middle, "tooltip": hover}, filled=True, size=90, color=BLUE
            ),
            create_layer("text", named, dx=9, align="left", color=GREY),
        ],
    }
