"""What training costs: time by the clock, core-seconds, and energy as an estimate with its range.

No machine here measures its own power, so the energy is codecarbon's estimate (Schmidt et al.,
https://codecarbon.io; offline, from the processor's model) between two bounds that hold for server
processors: a busy core draws no less than 2 W and, with its share of memory, board and cooling, no
more than 20 W.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from export.card import Energy

WATTS_A_CORE = (2.0, 20.0)
_JOULES_A_WH = 3600.0
_JOULES_A_KWH = 3.6e6


@dataclass
class Meter:
    """Sums over all sessions of a run: clock and core seconds, codecarbon's joules."""

    seconds: float = 0.0
    core_seconds: float = 0.0
    joules: float = 0.0

    @contextmanager
    def running(self) -> Iterator[None]:
        """Count what the block costs."""
        tracker = _start_tracker()
        clock, cores = time.perf_counter(), _count_core_seconds()
        try:
            yield
        finally:
            self.seconds += time.perf_counter() - clock
            self.core_seconds += _count_core_seconds() - cores
            self.joules += _stop_tracker(tracker)

    def add(self, other: Meter) -> None:
        """Add what another run has cost."""
        self.seconds += other.seconds
        self.core_seconds += other.core_seconds
        self.joules += other.joules

    def estimate_energy(self) -> Energy:
        """Return watt-hours: the estimate, its bounds, and how it was estimated."""
        low, high = (watts * self.core_seconds / _JOULES_A_WH for watts in WATTS_A_CORE)
        value = self.joules / _JOULES_A_WH
        how = "codecarbon, offline"
        if not low <= value <= high:  # no tracker, or it took this processor for another
            value, how = (low * high) ** 0.5, "core-seconds times the geometric mean of the bounds"
        low_watts, high_watts = WATTS_A_CORE
        bounds = f"bounds {low_watts:g} and {high_watts:g} W a busy core"
        return Energy(value, low, high, "Wh", f"estimated: {how}; {bounds}")


def _count_core_seconds() -> float:
    times = os.times()
    return times.user + times.system


def _start_tracker() -> Any:
    try:
        from codecarbon import OfflineEmissionsTracker
    except ImportError:
        return None
    logging.getLogger("codecarbon").setLevel(logging.CRITICAL)
    tracker = OfflineEmissionsTracker(
        country_iso_code="DEU",  # asked for by the tracker; only its energy is read
        save_to_file=False,
        log_level="critical",
        tracking_mode="process",
        allow_multiple_runs=True,
    )
    tracker.start()
    return tracker


def _stop_tracker(tracker: Any) -> float:
    if tracker is None:
        return 0.0
    tracker.stop()
    data = getattr(tracker, "final_emissions_data", None)
    return float(getattr(data, "energy_consumed", 0.0) or 0.0) * _JOULES_A_KWH
