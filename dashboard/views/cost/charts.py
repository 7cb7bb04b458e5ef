"""Charts of the page on compute cost: work by layer, accuracy against cost, trainings by size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dashboard.charts import BLUE, FRAME, GREY, ORANGE, Spec
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
    return {
        **_frame(
            f"Multiply-accumulates of {len(rows)} layers; most in {largest.name}: "
            f"{tell_share(largest.macs / total)}.",
            260,
        ),
        "data": {"values": rows},
        "mark": {"type": "bar", "color": BLUE},
        "encoding": {
            "x": {
                "field": "layer",
                "type": "nominal",
                "sort": None,
                "axis": {
                    "title": "layers, from the picture to the answer",
                    "labels": len(rows) <= 12,
                    "ticks": False,
                },
            },
            "y": {
                "field": "macs",
                "type": "quantitative",
                "axis": {"title": "multiply-accumulates", "format": "~s", "tickCount": 5},
            },
            "tooltip": [
                {"field": "layer", "type": "nominal"},
                {"field": "macs", "type": "quantitative", "format": ",d"},
                {"field": "share", "type": "quantitative", "format": ".1%"},
                {"field": "weights", "type": "quantitative", "format": ",d"},
                {"field": "shape", "type": "nominal", "title": "numbers passed on"},
            ],
        },
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
    x = {
        "field": "macs",
        "type": "quantitative",
        "scale": {"type": "log", "nice": True, "padding": 40},
        "axis": {"title": "multiply-accumulates for one answer", "format": "~s", "tickCount": 4},
    }
    y = {"type": "quantitative", "scale": {"zero": False}, "axis": {"title": "accuracy, %"}}
    color = {"condition": {"test": "datum.chosen", "value": ORANGE}, "value": BLUE}
    return {
        **_frame(f"Accuracy against cost. {told}.", 260),
        "data": {"values": rows},
        "encoding": {"x": x},
        "layer": [
            {
                "mark": {"type": "rule", "color": GREY},
                "encoding": {"y": {"field": "low", **y}, "y2": {"field": "high"}},
            },
            {
                "mark": {"type": "point", "filled": True, "size": 90, "opacity": 1},
                "encoding": {
                    "y": {"field": "accuracy", **y},
                    "color": color,
                    "tooltip": [
                        {"field": "name", "type": "nominal"},
                        {"field": "macs", "type": "quantitative", "format": ",d"},
                        {"field": "accuracy", "type": "quantitative", "format": ".1f"},
                    ],
                },
            },
            {
                "mark": {"type": "text", "dy": -9, "color": GREY},
                "encoding": {
                    "y": {"field": "high", **y},
                    "text": {"field": "name", "type": "nominal"},
                },
            },
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
    whose = {"field": "whose", "type": "nominal"}
    domain = {"domain": ["ours", "published"]}
    return {
        **_frame(
            f"Operations to train, from {names[0]} ({entries[0][0].operations:.0e}) to "
            f"{names[-1]} ({entries[-1][0].operations:.0e}).",
            26 * len(rows) + 110,
        ),
        "data": {"values": rows},
        "mark": {"type": "point", "filled": True, "size": 90, "opacity": 1},
        "encoding": {
            "x": {
                "field": "operations",
                "type": "quantitative",
                "scale": {"type": "log"},
                "axis": {"title": "operations to train", "format": ".0e", "tickCount": 6},
            },
            "y": {
                "field": "name",
                "type": "nominal",
                "sort": names,
                "axis": {"title": None, "labelLimit": 180, "labelOverlap": False, "grid": True},
            },
            "color": {
                **whose,
                "scale": {**domain, "range": [BLUE, ORANGE]},
                "legend": {"title": None, "orient": "top"},
            },
            "shape": {
                **whose,
                "scale": {**domain, "range": ["circle", "diamond"]},
                "legend": {"title": None, "orient": "top"},
            },
            "tooltip": [
                {"field": "name", "type": "nominal"},
                {"field": "operations", "type": "quantitative", "format": ".1e"},
            ],
        },
    }


def _frame(description: str, height: int) -> Spec:
    return {
        **FRAME,
        "description": description,
        "height": height,
    }
