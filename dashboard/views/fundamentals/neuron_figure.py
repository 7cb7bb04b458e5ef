"""A biological neuron beside an artificial one, which computes live; see neuron_figure.js."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dashboard.figures.base import Control, create_figure

_draw = create_figure("views/fundamentals/neuron_figure")

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


def draw_neuron() -> None:
    """Draw the figure: its sliders are a field of the link once they are let go."""
    neuron = Control("neuron", Neuron(), parse_neuron, Neuron.encode)
    _draw({"limit": LIMIT}, "neuron_figure", {"neuron": neuron})
