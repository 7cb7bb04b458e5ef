"""Means of few repeated measurements with their 95 % intervals (Student 1908)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t


@dataclass(frozen=True)
class Interval:
    """``value`` and its 95 % interval."""

    value: float
    low: float
    high: float

    @property
    def half(self) -> float:
        """Half of the width."""
        return (self.high - self.low) / 2


def estimate_mean(values: NDArray[np.float64]) -> Interval:
    """Return the mean of independent values (N,): what other pictures could have given.

    With few values the normal distribution's interval is too narrow: of three it should be 2.2
    times as wide.

    Raises:
        ValueError: there are fewer than two values.
    """
    if len(values) < 2:
        raise ValueError("a mean with an interval needs two values")
    error = float(np.std(values, ddof=1)) / len(values) ** 0.5
    return _create(float(values.mean()), error, len(values) - 1)


def estimate_over_rounds(values: NDArray[np.float64]) -> Interval:
    """Return the mean of (T, N), T rounds on the same N pictures: what other rounds could give.

    The scatter is that of each picture around its own mean, pooled over the pictures.

    Raises:
        ValueError: there are fewer than two rounds.
    """
    rounds, pictures = values.shape
    if rounds < 2:
        raise ValueError("an interval over rounds needs two rounds")
    variance = float(values.var(axis=0, ddof=1).mean())
    error = (variance / (rounds * pictures)) ** 0.5
    return _create(float(values.mean()), error, pictures * (rounds - 1))


def _create(mean: float, error: float, freedom: int) -> Interval:
    half = float(t.ppf(0.975, freedom)) * error
    return Interval(mean, mean - half, mean + half)
