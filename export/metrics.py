"""Measured figures with their uncertainty: nothing on a card is a bare number."""

from __future__ import annotations

import math

from export.card import Metric

_Z = 1.959963984540054  # the normal distribution's 97.5 % quantile


def measure_share(hits: int, n: int, what: str) -> Metric:
    """Return ``hits`` of ``n`` in percent with Wilson's interval (Wilson 1927).

    Raises:
        ValueError: no case was looked at, or more hits than cases.
    """
    if not 0 <= hits <= n or n == 0:
        raise ValueError(f"{hits} of {n} is no share")
    share, z2 = hits / n, _Z**2
    center = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = _Z / (1 + z2 / n) * math.sqrt(share * (1 - share) / n + z2 / (4 * n**2))
    # Rounding must not push the interval past the share itself where all or none hit.
    low, high = min(share, max(0.0, center - half)), max(share, min(1.0, center + half))
    return Metric(100 * share, 100 * low, 100 * high, n, "%", what)


def measure_mean(values: list[float], unit: str, what: str) -> Metric:
    """Return the mean of independent values with the normal approximation's interval."""
    n = len(values)
    if n < 2:
        raise ValueError("a mean with an interval needs two values")
    mean = sum(values) / n
    deviation = math.sqrt(sum((value - mean) ** 2 for value in values) / (n - 1))
    half = _Z * deviation / math.sqrt(n)
    return Metric(mean, mean - half, mean + half, n, unit, what)
