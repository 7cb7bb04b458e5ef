"""From logits to probabilities."""

from __future__ import annotations

import numpy as np

from dashboard.inference.model import Doubles, Floats


def compute_probabilities(logits: Floats | Doubles, temperature: float = 1.0) -> Doubles:
    """Return the softmax (..., K) of logits (..., K) / ``temperature``.

    Does not overflow; a row with a NaN gives NaN.
    """
    scaled = logits.astype(np.float64) / temperature
    powers = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    probs: Doubles = powers / powers.sum(axis=-1, keepdims=True)
    return probs


def compute_probability(logits: Floats, target: int, versus: int | None = None) -> Doubles:
    """Return the probability (N,) of ``target`` given logits (N, K).

    Softmax over all K classes, or, where ``versus`` is given, the probability between these two
    classes alone: sigmoid(logits[target] - logits[versus]). Does not overflow; a row with a NaN
    gives NaN.
    """
    values = logits.astype(np.float64)
    rivals = values if versus is None else values[:, [target, versus]]  # (N, K) or (N, 2)
    highest = rivals.max(axis=1)
    total = np.exp(rivals - highest[:, None]).sum(axis=1)
    probability: Doubles = np.exp(values[:, target] - highest) / total
    return probability
