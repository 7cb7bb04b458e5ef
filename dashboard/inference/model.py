"""What every other room may ask of a network: predict, and differentiate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Explained:
    """One differentiated forward pass over a batch of N inputs.

    ``logits`` is (N, K), ``score`` (N,), ``gradient`` = d score / d inputs with the inputs' shape
    (N, C, H, W). ``layers`` holds, by the card's layer name, the activation and
    d score / d activation, each (N, C', H', W').
    """

    logits: Floats
    score: Floats
    gradient: Floats
    layers: Mapping[str, tuple[Floats, Floats]] = field(default_factory=dict)


class Model(Protocol):
    """A classifier that runs, seen by attribution and faithfulness.

    The score that is explained is ``logits[n, target[n]]``, or, contrastively,
    ``logits[n, target[n]] - logits[n, versus[n]]`` where ``versus`` is given.
    """

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """(C, H, W) of one preprocessed input."""

    @property
    def input_range(self) -> tuple[Floats, Floats]:
        """Preprocessed value of black and of white, each (C, 1, 1)."""

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the convolutional activations that ``explain`` returns (for Grad-CAM)."""

    @property
    def has_gradients(self) -> bool:
        """Whether ``explain`` works."""

    def predict(self, inputs: Floats) -> Floats:
        """Return the logits (N, K) of inputs (N, C, H, W); any N, run in chunks."""

    def explain(self, inputs: Floats, target: Ints, versus: Ints | None = None) -> Explained:
        """Return logits, score and d score / d inputs of inputs (N, C, H, W), targets (N,).

        Raises:
            RuntimeError: the model has no gradient graph (``has_gradients`` is false).
        """
