"""What every other room may ask of a network: predict, and differentiate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Ints = NDArray[np.int64]

BackwardRules = Literal["guided_backprop", "deeplift", "lrp"]
"""By which table of ``export.autodiff.tables`` a backward pass goes, other than the gradient's."""

NO_VERSUS = -1  # in place of a class: against no other


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

    def propagate(
        self,
        rules: BackwardRules,
        inputs: Floats,
        target: Ints,
        versus: Ints | None = None,
        baseline: Floats | None = None,
    ) -> Floats:
        """Return the attributions (N, C, H, W) that a backward pass by other rules gives.

        ``baseline`` is what inputs are compared with, of a shape that broadcasts to theirs; only
        DeepLIFT reads it, and None is zero.

        Raises:
            RuntimeError: the model has no gradients.
            ValueError: the rules do not cover an operator of the network; the message names it.
        """


def check_inputs(inputs: Floats, shape: tuple[int, int, int]) -> Floats:
    """Return inputs (N, C, H, W) as ONNX Runtime takes them.

    Raises:
        ValueError: they have another shape than (N, *shape), or there are none.
    """
    if inputs.shape[1:] != shape or len(inputs) == 0:
        raise ValueError(f"inputs must be (N, {shape}), not {inputs.shape}.")
    return np.ascontiguousarray(inputs, dtype=np.float32)


def check_classes(classes: Ints, count: int, n_classes: int, lowest: int = 0) -> Ints:
    """Return class indices (count,).

    Raises:
        ValueError: they have another shape, or one is not from ``lowest`` to ``n_classes`` - 1.
    """
    classes = np.asarray(classes, dtype=np.int64)
    if classes.shape != (count,):
        raise ValueError(f"class indices must be ({count},), not {classes.shape}.")
    if classes.min() < lowest or classes.max() >= n_classes:
        raise ValueError(f"class indices must be from {lowest} to {n_classes - 1}.")
    return classes
