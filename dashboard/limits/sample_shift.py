"""Accuracy, confidence and calibration of a network on a labelled sample that is corrupted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dashboard.inference.model import Floats, Ints
from dashboard.inference.preprocessing import Pixels
from dashboard.limits.calibration import Calibration, fit_temperature, measure_calibration
from dashboard.limits.maps import Report, report_nothing
from dashboard.stress.base import Corruption, corrupt_views

Predict = Callable[[Pixels], Floats]
"""Logits (N, K) of views (N, H, W, 3)."""


@dataclass(frozen=True)
class Level:
    """A severity: the network as it is, and with its logits divided by the temperature."""

    severity: int
    plain: Calibration
    scaled: Calibration


@dataclass(frozen=True)
class SampleShift:
    """All severities of one corruption on ``n`` pictures that the temperature was not fitted on."""

    levels: tuple[Level, ...]
    temperature: float
    n: int


def measure_shift(
    predict: Predict,
    views: Pixels,
    labels: Ints,
    corruption: Corruption,
    *,
    is_grey: bool,
    temperature: float | None,
    report: Report = report_nothing,
) -> SampleShift:
    """Return how views (N, H, W, 3) with labels (N,) fare at severities 0 to 5.

    Without a ``temperature`` it is fitted on every other untouched view, and only the rest counts.
    """
    report("Severity 0", 0.0)
    clean = predict(views)
    if temperature is None:
        temperature = fit_temperature(clean[::2], labels[::2])
        views, labels, clean = views[1::2], labels[1::2], clean[1::2]
    levels = []
    for severity in corruption.severities:
        report(f"Severity {severity}", severity / len(corruption.severities))
        logits = (
            clean if severity == 0 else predict(corrupt_views(views, corruption, severity, is_grey))
        )
        plain = measure_calibration(logits, labels)
        levels.append(Level(severity, plain, measure_calibration(logits, labels, temperature)))
    return SampleShift(tuple(levels), temperature, len(labels))


def compute_corruption_errors(
    errors: Mapping[str, Sequence[float]], against: Mapping[str, Sequence[float]]
) -> dict[str, float]:
    """Return each corruption's error relative to another network's: sum over severities / sum.

    Hendrycks and Dietterich 2019, arXiv 1903.12261: CE, there against AlexNet; 1 is equal.
    """
    return {name: sum(row) / sum(against[name]) for name, row in errors.items() if name in against}


def compute_relative_errors(
    errors: Mapping[str, Sequence[float]],
    clean: float,
    against: Mapping[str, Sequence[float]],
    against_clean: float,
) -> dict[str, float]:
    """Return the same of what each corruption *adds* to the clean error (relative CE).

    Corruptions that add nothing to the other network's error are left out.
    """
    found = {}
    for name, row in errors.items():
        added = sum(each - against_clean for each in against.get(name, ()))
        if added > 0:
            found[name] = sum(each - clean for each in row) / added
    return found


def average(values: Mapping[str, float], names: Sequence[str]) -> float:
    """Return the mean over those of ``names`` that have a value."""
    return float(np.mean([values[name] for name in names if name in values]))
