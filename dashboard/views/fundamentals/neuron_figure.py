"""A biological neuron beside an artificial one, which computes live; see neuron_figure.js."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

_HERE = Path(__file__).parent

_component = st.components.v2.component(
    "glass_box_neuron_figure",
    html='<div class="neuron"></div>\n<!-- filled by neuron_figure.js -->',
    css=(_HERE / "neuron_figure.css").read_text(encoding="utf-8"),
    js=(_HERE / "neuron_figure.js").read_text(encoding="utf-8"),
)

ACTIVATIONS = ("relu", "sigmoid", "tanh")
LIMIT = 3.0  # inputs, weights and the bias lie in -LIMIT .. LIMIT
_N_INPUTS = 2


@dataclass(frozen=True)
class Neuron:
    """The figure's sliders: two inputs, their weights, the bias, and the activation's name."""

    inputs: tuple[float, float] = (1.0, 0.5)
    weights: tuple[float, float] = (0.8, -1.2)
    bias: float = 0.3
    activation: str = "relu"

    def encode(self) -> str:
        """Return it as the URL has it: six numbers and names with commas between."""
        numbers = (*self.inputs, *self.weights, self.bias)
        return ",".join([*(f"{number:g}" for number in numbers), self.activation])


def parse_neuron(text: str) -> Neuron | None:
    """Return the neuron that ``Neuron.encode`` wrote, None where a part means nothing."""
    *numbers, activation = text[:80].split(",")
    try:
        values = [float(number) for number in numbers]
    except ValueError:
        return None
    return create_neuron(values, activation)


def create_neuron(values: Sequence[float], activation: object) -> Neuron | None:
    """Return the neuron of five numbers, inputs first, None where one is out of range."""
    is_good = len(values) == 2 * _N_INPUTS + 1 and all(abs(value) <= LIMIT for value in values)
    if not is_good or activation not in ACTIVATIONS:
        return None
    x1, x2, w1, w2, bias = (round(float(value), 2) for value in values)
    return Neuron((x1, x2), (w1, w2), bias, str(activation))


def read_neuron(value: Any) -> Neuron | None:
    """Return the neuron in what the browser sent, None if it is no such thing."""
    sent = getattr(value, "neuron", None)
    return parse_neuron(sent) if isinstance(sent, str) else None


def draw_neuron(
    neuron: Neuron, on_change: Callable[[], None], colors: Mapping[str, str], key: str
) -> None:
    """Draw the figure; ``on_change`` is called before the next run when a slider is let go."""
    _component(
        data={
            "values": [*neuron.inputs, *neuron.weights, neuron.bias],
            "activation": neuron.activation,
            "limit": LIMIT,
            "colors": dict(colors),
        },
        key=key,
        on_neuron_change=on_change,
    )
