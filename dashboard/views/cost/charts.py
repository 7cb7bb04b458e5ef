"""Charts of the page on compute cost: work by layer, accuracy against cost, trainings by size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dashboard.charts import (
    BLUE,
    GREY,
    LOGARITHMIC,
    ORANGE,
    Spec,
    create_frame,
    create_layer,
    encode_name,
    encode_number,
    tell_apart,
)
from dashboard.inference.counts import tell_share
from dashboard.inference.layer_macs import LayerCost
from dashboard.limits.scaling import Training


@dataclass(frozen=True)
class Offer:
    """A network on a task: its accuracy in percent (with interval) and its cost for one input."""

    name: str
    macs: int
    accuracy: float
    low: float
    high: float


def plot_layers(layers: Sequence[LayerCost]) -> Spec:
    """Return bars of multiply-accumulates by layer, in the order of the network."""
    total = sum(layer.macs for layer in layers) or 1
    rows = [
        {
            "layer": layer.name,
            "macs": layer.macs,
            "share": round(layer.macs / total, 4),
            "weights": layer.weights,
            "shape": "×".join(map(str, layer.shape)),
        }
        for layer in layers
    ]
    largest = max(layers, key=lambda layer: layer.macs)
    axis = {
        "title": "layers, from the picture to the answer",
        "labels": len(rows) <= 12,
        "ticks": False,
    }
    return {
        **create_frame(
            f"Multiply-accumulates of {len(rows)} layers; most in {largest.name}: "
            f"{tell_share(largest.macs / total)}.",
            260,
        ),
        **create_layer(
            "bar",
            {
                "x": encode_name("layer", sort=None, axis=axis),
                "y": encode_number(
                    "macs", axis={"title": "multiply-accumulates", "format": "~s", "tickCount": 5}
                ),
                "tooltip": [
                    encode_name("layer"),
                    encode_number("macs", format=",d"),
                    encode_number("share", format=".1%"),
                    encode_number("weights", format=",d"),
                    encode_name("shape", title="numbers passed on"),
                ],
            },
            rows,
            color=BLUE,
        ),
    }


def find_pareto(offers: Sequence[Offer]) -> list[str]:
    """Return the names of the offers that none is both cheaper and more accurate than."""
    return [
        offer.name
        for offer in offers
        if not any(
            other.macs <= offer.macs and other.accuracy >= offer.accuracy and other is not offer
            for other in offers
        )
    ]


def plot_offers(offers: Sequence[Offer], chosen: str) -> Spec:
    """Return accuracy against cost; the chosen network in orange, intervals as bars."""
    best = find_pareto(offers)
    rows = [
        {
            "name": offer.name + ("" if offer.name in best else " (beaten)"),
            "macs": offer.macs,
            "accuracy": offer.accuracy,
            "low": offer.low,
            "high": offer.high,
            "chosen": offer.name == chosen,
        }
        for offer in offers
    ]
    told = "; ".join(f"{offer.name} {offer.accuracy:.1f} %" for offer in offers)
    x = encode_number(
        "macs",
        scale={"type": "log", "nice": True, "padding": 40},
        axis={"title": "multiply-accumulates for one answer", "format": "~s", "tickCount": 4},
    )
    y = {"scale": {"zero": False}, "axis": {"title": "accuracy, %"}}
    high = encode_number("high", **y)
    hover = [
        encode_name("name"),
        encode_number("macs", format=",d"),
        encode_number("accuracy", format=".1f"),
    ]
    point = {
        "y": encode_number("accuracy", **y),
        "color": {"condition": {"test": "datum.chosen", "value": ORANGE}, "value": BLUE},
        "tooltip": hover,
    }
    interval = {"y": encode_number("low", **y), "y2": {"field": "high"}}
    return {
        **create_frame(f"Accuracy against cost. {told}.", 260),
        "data": {"values": rows},
        "encoding": {"x": x},
        "layer": [
            create_layer("rule", interval, color=GREY),
            create_layer("point", point, filled=True, size=90, opacity=1),
            create_layer("text", {"y": high, "text": encode_name("name")}, dy=-9, color=GREY),
        ],
    }


def plot_trainings(own: Sequence[Training], large: Sequence[Training]) -> Spec:
    """Return the operations of trainings as points on a logarithmic axis, smallest first."""
    entries = sorted(
        [(each, "ours") for each in own] + [(each, "published") for each in large],
        key=lambda entry: entry[0].operations,
    )
    rows = [
        {"name": each.name, "operations": each.operations, "whose": whose}
        for each, whose in entries
    ]
    names = [row["name"] for row in rows]
    axis = {"title": "operations to train", "format": ".0e", "tickCount": 6}
    named = {"title": None, "labelLimit": 180, "labelOverlap": False, "grid": True}
    encoding = {
        "x": encode_number("operations", scale=LOGARITHMIC, axis=axis),
        "y": encode_name("name", sort=names, axis=named),
        **tell_apart(
            "whose", ("ours", "published"), color=(BLUE, ORANGE), shape=("circle", "diamond")
        ),
        "tooltip": [encode_name("name"), encode_number("operations", format=".1e")],
    }
    return {
        **create_frame(
            f"Operations to train, from {names[0]} ({entries[0][0].operations:.0e}) to "
            f"{names[-1]} ({entries[-1][0].operations:.0e}).",
            26 * len(rows) + 110,
        ),
        **create_layer("point", encoding, rows, filled=True, size=90, opacity=1),
    }
