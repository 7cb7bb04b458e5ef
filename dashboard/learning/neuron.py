"""The smallest real loss: that of a neuron with one input, whose weight and bias span a map."""

from __future__ import annotations

import numpy as np

from dashboard.inference.model import Doubles
from dashboard.learning.activations import apply_sigmoid

# Four examples and what a sigmoid neuron should answer. Found by a search over small sets for one
# whose squared error has a good minimum, a bad one and nothing else: the bad one meets the two
# middle examples exactly and the last not at all.
INPUTS = np.array([-2.0, 0.0, 0.5, 2.5])
TARGETS = np.array([0.0, 0.2, 0.8, 0.1])


def compute_error(points: Doubles) -> Doubles:
    """Mean of (sigmoid(w x + b) - y)^2 over the four examples, (...) at points (w, b), (..., 2).

    That one neuron can have minima that are not global: Auer, Herbster and Warmuth 1996.
    """
    return np.asarray(((_answer(points) - TARGETS) ** 2).mean(axis=-1))


def compute_error_gradient(points: Doubles) -> Doubles:
    """By w the mean of delta x, by b the mean of delta; delta = 2 (p - y) p (1 - p)."""
    outputs = _answer(points)  # (..., 4)
    deltas = 2 * (outputs - TARGETS) * outputs * (1 - outputs)
    return np.stack([(deltas * INPUTS).mean(axis=-1), deltas.mean(axis=-1)], axis=-1)


def _answer(points: Doubles) -> Doubles:
    return apply_sigmoid(points[..., :1] * INPUTS + points[..., 1:])  # (..., 4)
