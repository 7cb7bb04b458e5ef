"""Classifiers small enough to follow by hand, satisfying the Model protocol."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from dashboard.inference.model import Explained, Floats, Ints


@dataclass
class LinearModel:
    """Two classes with logits (sum of weights (C, H, W) x input + bias, 0)."""

    weights: Floats
    bias: float = 0.0
    batch_sizes: list[int] = field(default_factory=list)

    @property
    def input_shape(self) -> tuple[int, int, int]:
        C, H, W = self.weights.shape
        return C, H, W

    @property
    def input_range(self) -> tuple[Floats, Floats]:
        C = self.weights.shape[0]
        return -np.ones((C, 1, 1), np.float32), np.ones((C, 1, 1), np.float32)

    @property
    def layers(self) -> tuple[str, ...]:
        return ()

    @property
    def has_gradients(self) -> bool:
        return False

    def predict(self, inputs: Floats) -> Floats:
        self.batch_sizes.append(len(inputs))
        score = np.einsum("nchw,chw->n", inputs, self.weights) + self.bias
        return np.stack([score, np.zeros_like(score)], axis=1).astype(np.float32)

    def explain(self, inputs: Floats, target: Ints, versus: Ints | None = None) -> Explained:
        raise RuntimeError("no gradients here")
