"""What a neuron does with its sum: ReLU, sigmoid, tanh, each with its derivative.

A new activation is two functions and one entry in ``ACTIVATIONS``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from dashboard.inference.model import Doubles


@dataclass(frozen=True)
class Activation:
    """``apply`` is f and ``slope`` its derivative, both elementwise on the sum z.

    ``gain`` is the variance, times the number of inputs, that weights should start with so that
    signals keep their size from layer to layer.
    """

    name: str
    label: str
    apply: Callable[[Doubles], Doubles]
    slope: Callable[[Doubles], Doubles]
    gain: float


def apply_relu(z: Doubles) -> Doubles:
    """max(0, z)."""
    return np.maximum(z, 0)


def slope_relu(z: Doubles) -> Doubles:
    """1 where z > 0, else 0 (also at z = 0, where there is no derivative)."""
    return (z > 0).astype(np.float64)


def apply_sigmoid(z: Doubles) -> Doubles:
    """1 / (1 + exp(-z)), by tanh, which overflows nowhere."""
    return np.asarray(0.5 + 0.5 * np.tanh(0.5 * z))


def slope_sigmoid(z: Doubles) -> Doubles:
    """s (1 - s), where s is the sigmoid of z: never more than 1/4."""
    s = apply_sigmoid(z)
    return s * (1 - s)


def apply_tanh(z: Doubles) -> Doubles:
    """(exp(z) - exp(-z)) / (exp(z) + exp(-z))."""
    return np.asarray(np.tanh(z))


def slope_tanh(z: Doubles) -> Doubles:
    """1 - tanh(z)^2."""
    return np.asarray(1 - np.tanh(z) ** 2)


# Gains: He et al. 2015, arXiv:1502.01852 (ReLU, which lets half of the signal through); Glorot and
# Bengio 2010 (tanh). A sigmoid's slope at 0 is a quarter of tanh's: weights four times as large.
ACTIVATIONS: tuple[Activation, ...] = (
    Activation("relu", "ReLU", apply_relu, slope_relu, 2.0),
    Activation("sigmoid", "Sigmoid", apply_sigmoid, slope_sigmoid, 16.0),
    Activation("tanh", "tanh", apply_tanh, slope_tanh, 1.0),
)

_BY_NAME = {activation.name: activation for activation in ACTIVATIONS}


def get_activation(name: str) -> Activation:
    """Return the activation called ``name``; raises KeyError if there is none."""
    return _BY_NAME[name]
