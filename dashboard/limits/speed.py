"""Which of two is faster, on a machine that has other things to do: both in turn, many times."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from dashboard.inference.model import Doubles

_WARM_UP, _LEAST, _RESAMPLES = 3, 5, 500


@dataclass(frozen=True)
class Speed:
    """Median milliseconds of two, and how many times as fast the second is, of ``n`` pairs.

    ``ratio`` is the median of the pairs' ratios, ``low`` and ``high`` its 95 % interval.
    """

    before: float
    after: float
    ratio: float
    low: float
    high: float
    n: int


def compare_speed(
    first: Callable[[], object], second: Callable[[], object], seconds: float, most: int = 300
) -> Speed:
    """Run both in turn for about ``seconds``, at least 5 times each, and return what they took.

    A busy moment then hits the two runs of a pair alike, and their ratio bears it.
    """
    runs = (first, second)
    for run in runs * _WARM_UP:
        run()
    pairs: list[list[float]] = []
    end = time.perf_counter() + seconds
    while len(pairs) < _LEAST or (time.perf_counter() < end and len(pairs) < most):
        taken = [0.0, 0.0]
        # Each goes first in every other pair: the second finds the processor as the first left it.
        for which in (0, 1) if len(pairs) % 2 else (1, 0):
            start = time.perf_counter()
            runs[which]()
            taken[which] = 1000 * (time.perf_counter() - start)
        pairs.append(taken)
    return summarize_pairs(np.array(pairs))


def summarize_pairs(pairs: Doubles) -> Speed:
    """Return the figures of milliseconds (n, 2); the interval is a percentile bootstrap's."""
    ratios = pairs[:, 0] / pairs[:, 1]
    drawn = np.random.default_rng(0).choice(ratios, (_RESAMPLES, len(ratios)))
    low, high = np.quantile(np.median(drawn, axis=1), (0.025, 0.975))
    before, after = np.median(pairs, axis=0)
    return Speed(
        float(before), float(after), float(np.median(ratios)), float(low), float(high), len(pairs)
    )
