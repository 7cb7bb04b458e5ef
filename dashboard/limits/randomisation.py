"""The model parameter randomisation test (mprt): does a map notice that the network forgot?

From the output to the input, the weights of one layer after the other are shuffled: the same
numbers, dealt out anew, so that a layer keeps its scale and loses what it learnt. A map that is
about the network must change; one that does not would have looked the same for any network.
Adebayo et al. 2018, "Sanity Checks for Saliency Maps", arXiv 1810.03292, section 3.1 (cascading
randomisation; they draw new weights, and compare by Spearman and SSIM as here).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard.attribution.base import Method, Question
from dashboard.inference.model import Floats, Model
from dashboard.inference.probability import compute_probability
from dashboard.inference.shuffling import shuffle_array
from dashboard.limits.maps import Report, compare_maps, draw_heats, report_nothing

Weights = Mapping[str, NDArray[Any]]

MAX_LAYERS = 8


@dataclass(frozen=True)
class Layer:
    """A part of a network that is shuffled at once: its name, and those of its weights."""

    name: str
    weights: tuple[str, ...]


@dataclass(frozen=True)
class ShuffledNetwork:
    """The network with ``shuffled`` layers gone: ``heats`` by method, None where there is no map.

    ``answer`` is the class it now gives, ``probability`` what is left of the class asked about.
    """

    shuffled: tuple[str, ...]
    heats: Mapping[str, Floats | None]
    answer: int
    probability: float


def list_layers(names: Sequence[str], max_layers: int = MAX_LAYERS) -> tuple[Layer, ...]:
    """Return the layers of weights called ``names``, in order from input to output.

    Weights of one block belong together ("model.blocks.3.expand…" and "…project…"), and where
    there are more than ``max_layers`` blocks, neighbours do; the output layer stays alone.
    """
    blocks: dict[str, list[str]] = {}
    for number, name in enumerate(names, start=1):
        blocks.setdefault(_name_block(name) or f"weights {number}", []).append(name)
    if len(blocks) <= max_layers:
        return tuple(Layer(block, tuple(weights)) for block, weights in blocks.items())
    *inner, last = blocks
    parts = np.array_split(np.arange(len(inner)), max_layers - 1)
    joined = [[inner[i] for i in part] for part in parts]
    return (
        *(
            Layer(f"{part[0]} to {part[-1]}", tuple(w for b in part for w in blocks[b]))
            for part in joined
        ),
        Layer(last, tuple(blocks[last])),
    )


def _name_block(name: str) -> str:
    """Return "middle 0" for "model.middle.0.conv.weight", "" for a name that the exporter made."""
    match = re.match(r"(?:model\.)?([A-Za-z]+\d*)(?:\.(\d+))?(?:\.|$)", name)
    if match is None:
        return ""
    return match[1] if match[2] is None else f"{match[1]} {match[2]}"


def shuffle_weights(weights: Weights, names: Sequence[str], seed: int) -> dict[str, NDArray[Any]]:
    """Return the weights called ``names`` with each one's numbers in a random order.

    The order of one array does not depend on which others are shuffled, so that each step of a
    cascade keeps what the one before had shuffled.
    """
    place = {name: index for index, name in enumerate(weights)}
    return {name: shuffle_array(weights[name], seed, place[name]) for name in names}


def compute_cascade(
    create: Callable[[Sequence[str]], Model],
    names: Sequence[str],
    question: Question,
    methods: Sequence[Method],
    report: Report = report_nothing,
) -> list[ShuffledNetwork]:
    """Return the network's maps as it is, then with one layer more shuffled at each step.

    ``names`` are those of all weights, from input to output; ``create`` returns the network with
    some of them shuffled, and is asked for more each time. The class asked about stays the same.
    """
    layers = list_layers(names)
    gone: list[str] = []
    steps: list[ShuffledNetwork] = []
    for count in range(len(layers) + 1):
        if count:
            gone += layers[-count].weights
        doing = f"Shuffling {layers[-count].name}" if count else "The network as it was trained"
        report(doing, count / (len(layers) + 1))
        model = create(tuple(gone))
        logits = model.predict(question.inputs)
        steps.append(
            ShuffledNetwork(
                tuple(layer.name for layer in layers[len(layers) - count :][::-1]),
                draw_heats(model, question, methods),
                int(logits[0].argmax()),
                float(compute_probability(logits, question.target)[0]),
            )
        )
    return steps


def compare_steps(
    steps: Sequence[ShuffledNetwork], methods: Sequence[Method]
) -> dict[str, list[tuple[float | None, float | None]]]:
    """Return (Spearman, SSIM) of each method's map to its first one, at every step."""
    return {
        method.name: [
            compare_maps(steps[0].heats[method.name], step.heats[method.name], method.is_signed)
            for step in steps
        ]
        for method in methods
    }
