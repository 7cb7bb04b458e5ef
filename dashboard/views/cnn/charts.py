"""Charts of the page on CNNs: what survives of a prediction, and the contest of 2010 to 2017."""

from __future__ import annotations

from collections.abc import Sequence

from dashboard.charts import BLUE, FRAME, GREEN, GREY, ORANGE, PURPLE, SKY_BLUE, VERMILLION, Spec
from dashboard.features.channels import Survival
from dashboard.inference.counts import tell_share

# Winners of the classification task by the official results pages
# (image-net.org/challenges/LSVRC/<year>); top-5 error in percent on the test set. AlexNet's 15.3
# used extra pictures, without them 16.4 (Krizhevsky et al. 2012); 2013 is Clarifai without.
ILSVRC = (
    (2010, "NEC-UIUC", 28.2, "features designed by hand"),
    (2011, "XRCE", 25.8, "features designed by hand"),
    (2012, "AlexNet", 15.3, "CNN"),
    (2013, "Clarifai", 11.7, "CNN"),
    (2014, "GoogLeNet", 6.7, "CNN"),
    (2015, "ResNet", 3.6, "CNN"),
    (2016, "Trimps-Soushen", 3.0, "CNN"),
    (2017, "SENet", 2.3, "CNN"),
)
_LAYER_COLORS = (SKY_BLUE, GREEN, ORANGE, PURPLE, VERMILLION, BLUE, GREY)
_KEPT = ("those that matter most", "as many at random")

HUMAN = 5.1  # one annotator on 1,500 test images: Russakovsky et al. 2015


def plot_survival(curves: Sequence[Survival], titles: Sequence[str]) -> Spec:
    """Return a line a layer: the class's probability by the share of its channels that speak.

    Dashed: as many channels drawn at random.
    """
    rows = [
        {
            "layer": title,
            "share": count / curve.channels,
            "channels": f"{count} of {curve.channels}",
            "kept": kept,
            "probability": round(probability, 4),
        }
        for curve, title in zip(curves, titles, strict=True)
        for kept, values in zip(_KEPT, (curve.best, curve.random), strict=True)
        for count, probability in zip(curve.kept, values, strict=True)
    ]
    ends = (
        f"{title}: {tell_share(curve.best[0])} with {curve.kept[0]} of {curve.channels}"
        for curve, title in zip(curves, titles, strict=True)
    )
    layer, kept = {"field": "layer", "type": "nominal"}, {"field": "kept", "type": "nominal"}
    legend = {"title": None, "orient": "top", "columns": 3, "symbolType": "stroke"}
    percent = {"type": "quantitative", "scale": {"domain": [0, 1]}}
    return {
        **FRAME,
        "height": 400,
        "description": "Probability with few channels kept. " + "; ".join(ends),
        "data": {"values": rows},
        "mark": {"type": "line", "point": {"size": 50}, "strokeWidth": 2.5, "tooltip": True},
        "encoding": {
            "x": {
                **percent,
                "field": "share",
                "axis": {"title": "channels kept", "format": "%", "tickCount": 4},
            },
            "y": {
                **percent,
                "field": "probability",
                "axis": {"title": "probability", "format": "%", "tickCount": 4},
            },
            "color": {
                **layer,
                "scale": {"domain": list(titles), "range": list(_LAYER_COLORS[: len(titles)])},
                "legend": legend,
            },
            "strokeDash": {
                **kept,
                "scale": {"domain": list(_KEPT), "range": [[1, 0], [4, 4]]},
                "legend": None,  # said in the text: Vega draws its symbols black on black
            },
            "tooltip": [{"field": name} for name in ("layer", "channels", "kept", "probability")],
        },
    }


def plot_contest() -> Spec:
    """Return the winners' top-5 error by year as bars, with the human line."""
    rows = [{"year": str(y), "winner": w, "error": e, "kind": k} for y, w, e, k in ILSVRC]
    x = {"field": "year", "type": "ordinal", "title": None, "axis": {"labelAngle": 0}}
    y = {"field": "error", "type": "quantitative", "title": "top-5 error, %"}
    kinds = ["features designed by hand", "CNN"]
    return {
        **FRAME,
        "height": 300,
        "description": "Top-5 error of the winners: "
        + "; ".join(f"{year} {winner} {error} %" for year, winner, error, _ in ILSVRC)
        + f". A trained person: {HUMAN} %.",
        "data": {"values": rows},
        "layer": [
            {
                "mark": {"type": "bar", "cornerRadiusEnd": 3},
                "encoding": {
                    "x": x,
                    "y": y,
                    "color": {
                        "field": "kind",
                        "type": "nominal",
                        "scale": {"domain": kinds, "range": [ORANGE, BLUE]},
                        "legend": {"title": None, "orient": "top"},
                    },
                    "tooltip": [{"field": field} for field in ("year", "winner", "error", "kind")],
                },
            },
            {
                "mark": {"type": "text", "dy": -7, "color": GREY},
                "encoding": {"x": x, "y": y, "text": {"field": "error", "format": ".1f"}},
            },
            {
                "data": {"values": [{"human": HUMAN}]},
                "mark": {"type": "rule", "strokeDash": [6, 4], "strokeWidth": 2},
                "encoding": {"y": {"field": "human", "type": "quantitative"},
                             "color": {"value": VERMILLION}},
            },
            {
                "data": {"values": [{"human": HUMAN, "text": f"a trained person, {HUMAN} %"}]},
                "mark": {"type": "text", "align": "right", "dy": -9, "fontWeight": "bold"},
                "encoding": {"y": {"field": "human", "type": "quantitative"},
                             "x": {"value": "width"},
                             "text": {"field": "text"}, "color": {"value": VERMILLION}},
            },
        ],
    }  # fmt: skip
