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


def compute_log_odds(logits: Floats, target: int, versus: int | None = None) -> Doubles:
    """Return log(p / (1 - p)) of ``target`` (N,) given logits (N, K), against ``versus`` alone
    where it is given.

    The log-odds keep moving where the probability has stopped at 0 or 1. Infinite where there is
    no other class.
    """
    values = logits.astype(np.float64)
    if values.shape[1] == 1:
        return np.where(np.isfinite(values[:, 0]), np.inf, np.nan)
    if versus is not None:
        return np.asarray(values[:, target] - values[:, versus])
    others = np.delete(values, target, axis=1)
    highest = others.max(axis=1, keepdims=True)
    rest = highest[:, 0] + np.log(np.exp(others - highest).sum(axis=1))
    return np.asarray(values[:, target] - rest)
