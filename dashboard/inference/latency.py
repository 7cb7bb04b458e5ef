"""How long a prediction takes, here and now, on this machine's provider."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dashboard.inference.cards import GraphSpec
from dashboard.inference.model import Doubles

_WARM_UP = 3
_RESAMPLES = 500


@dataclass(frozen=True)
class Latency:
    """Milliseconds a run: median and 95th percentile of ``n`` runs, the median's 95 % interval."""

    p50: float
    p95: float
    low: float
    high: float
    n: int


def measure_latency(run: Callable[[], object], seconds: float = 0.5, most: int = 200) -> Latency:
    """Run again and again for about ``seconds``, at least 5 times, and return what it took.

    The interval of the median is a percentile bootstrap's (Efron 1979).
    """
    for _ in range(_WARM_UP):
        run()
    times: list[float] = []
    end = time.perf_counter() + seconds
    while len(times) < 5 or (time.perf_counter() < end and len(times) < most):
        start = time.perf_counter()
        run()
        times.append(1000 * (time.perf_counter() - start))
    return summarize(np.array(times))


def summarize(times: Doubles) -> Latency:
    """Return the figures of measured times (n,) in milliseconds."""
    drawn = np.random.default_rng(0).choice(times, (_RESAMPLES, len(times)))
    low, high = np.quantile(np.median(drawn, axis=1), (0.025, 0.975))
    return Latency(
        p50=float(np.median(times)),
        p95=float(np.quantile(times, 0.95)),
        low=float(low),
        high=float(high),
        n=len(times),
    )


def create_feed(spec: GraphSpec, sizes: dict[str, int]) -> dict[str, NDArray[np.generic]]:
    """Return one input of zeros for a graph; ``sizes`` are those of its dynamic axes, else 1.

    What a network multiplies does not depend on the values, so zeros cost what anything costs.
    """
    return {
        name: np.zeros(
            [axis if isinstance(axis, int) else sizes.get(axis, 1) for axis in port.axes],
            dtype=port.dtype,
        )
        for name, port in spec.inputs.items()
    }
