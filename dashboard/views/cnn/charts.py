"""Charts of the page on CNNs: what survives of a prediction, and the contest of 2010 to 2017."""

from __future__ import annotations

from collections.abc import Sequence

from dashboard.charts import (
    BLUE,
    GREEN,
    GREY,
    LEGEND,
    ORANGE,
    PURPLE,
    SKY_BLUE,
    UNIT,
    VERMILLION,
    Spec,
    create_frame,
    create_layer,
    encode_number,
    tell_apart,
)
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


def plot_survival(curves: Sequence[Survival], titles: Sequence[str], network: str) -> Spec:
    """Return a line a layer: the class's probability by the share of its channels that speak.

    Dashed: as many channels drawn at random. ``network`` says which one it is.
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
    legend = {**LEGEND, "columns": 3, "symbolType": "stroke"}
    axis = {"format": "%", "tickCount": 4}
    encoding = {
        "x": encode_number("share", scale=UNIT, axis={"title": "channels kept", **axis}),
        "y": encode_number("probability", scale=UNIT, axis={"title": "probability", **axis}),
        **tell_apart("layer", titles, legend, color=_LAYER_COLORS),
        # Without a legend, said in the text: Vega draws its symbols black on black.
        **tell_apart("kept", _KEPT, None, strokeDash=([1, 0], [4, 4])),
        "tooltip": [{"field": name} for name in ("layer", "channels", "kept", "probability")],
    }
    return {
        **create_frame(f"{network}: probability with few channels kept. " + "; ".join(ends), 400),
        **create_layer("line", encoding, rows, point={"size": 50}, strokeWidth=2.5, tooltip=True),
    }


def plot_contest() -> Spec:
    """Return the winners' top-5 error by year as bars, with the human line."""
    rows = [{"year": str(y), "winner": w, "error": e, "kind": k} for y, w, e, k in ILSVRC]
    x = {"field": "year", "type": "ordinal", "title": None, "axis": {"labelAngle": 0}}
    y = encode_number("error", title="top-5 error, %")
    kinds = ["features designed by hand", "CNN"]
    human = {"y": encode_number("human"), "color": {"value": VERMILLION}}
    hover = [{"field": field} for field in ("year", "winner", "error", "kind")]
    bars = {"x": x, "y": y, **tell_apart("kind", kinds, color=(ORANGE, BLUE)), "tooltip": hover}
    return {
        **create_frame(
            "Top-5 error of the winners: "
            + "; ".join(f"{year} {winner} {error} %" for year, winner, error, _ in ILSVRC)
            + f". A trained person: {HUMAN} %.",
            300,
        ),
        "data": {"values": rows},
        "layer": [
            create_layer("bar", bars, cornerRadiusEnd=3),
            create_layer(
                "text",
                {"x": x, "y": y, "text": {"field": "error", "format": ".1f"}},
                dy=-7,
                color=GREY,
            ),
            create_layer("rule", human, [{"human": HUMAN}], strokeDash=[6, 4], strokeWidth=2),
            create_layer(
                "text",
                {**human, "x": {"value": "width"}, "text": {"field": "text"}},
                [{"human": HUMAN, "text": f"a trained person, {HUMAN} %"}],
                align="right",
                dy=-9,
                fontWeight="bold",
            ),
        ],
    }
