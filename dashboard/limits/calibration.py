"""Does a network's confidence mean what it says? Reliability, calibration error, temperature.

Guo et al. 2017, "On Calibration of Modern Neural Networks", arXiv 1706.04599.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dashboard.inference.model import Doubles, Floats, Ints
from dashboard.inference.probability import compute_probabilities

N_BINS = 15  # as in the paper
_LOWEST, _HIGHEST = 0.05, 20.0  # temperatures
_STEPS = 60  # golden section: the bracket shrinks by 0.618 a step, to 1e-12 of its width


@dataclass(frozen=True)
class Bin:
    """Answers of about one confidence: how many, how sure on average, how often right."""

    count: int
    confidence: float
    accuracy: float


@dataclass(frozen=True)
class Calibration:
    """``accuracy``, mean ``confidence`` and expected calibration error ``ece``, all in [0, 1]."""

    accuracy: float
    confidence: float
    ece: float
    bins: tuple[Bin, ...]


def compute_bins(
    confidence: Doubles, is_right: NDArray[np.bool_], n_bins: int = N_BINS
) -> list[Bin]:
    """Return the filled ones of ``n_bins`` equally wide bins of confidence, least sure first.

    ``confidence`` (N,) in [0, 1], ``is_right`` (N,). Bins are (low, high], as in the paper.
    """
    place = np.clip(np.ceil(confidence * n_bins).astype(int) - 1, 0, n_bins - 1)
    bins = []
    for index in range(n_bins):
        chosen = place == index
        if chosen.any():
            mean, hits = float(confidence[chosen].mean()), float(is_right[chosen].mean())
            bins.append(Bin(int(chosen.sum()), mean, hits))
    return bins


def compute_ece(bins: list[Bin]) -> float:
    """Return the mean distance of confidence and accuracy over the bins, weighted by count."""
    total = sum(each.count for each in bins)
    return sum(each.count * abs(each.confidence - each.accuracy) for each in bins) / total


def measure_calibration(logits: Floats, labels: Ints, temperature: float = 1.0) -> Calibration:
    """Return how well logits (N, K) at a temperature are calibrated against labels (N,)."""
    probs = compute_probabilities(logits, temperature)
    confidence, is_right = probs.max(axis=1), probs.argmax(axis=1) == labels
    bins = compute_bins(confidence, is_right)
    return Calibration(
        float(is_right.mean()), float(confidence.mean()), compute_ece(bins), tuple(bins)
    )


def compute_nll(logits: Floats, labels: Ints, temperature: float) -> float:
    """Return the mean negative log-likelihood, in nats, of labels (N,) at a temperature."""
    scaled = logits.astype(np.float64) / temperature
    top = scaled.max(axis=1)
    total = np.log(np.exp(scaled - top[:, None]).sum(axis=1)) + top
    return float((total - scaled[np.arange(len(labels)), labels]).mean())


def fit_temperature(logits: Floats, labels: Ints) -> float:
    """Return the temperature of the least negative log-likelihood, by golden section on its log.

    The likelihood is convex in 1 / temperature, so there is one minimum. No answer changes: one
    number divides all logits.
    """
    low, high = np.log(_LOWEST), np.log(_HIGHEST)
    ratio = (np.sqrt(5) - 1) / 2
    for _ in range(_STEPS):
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        if compute_nll(logits, labels, np.exp(left)) < compute_nll(logits, labels, np.exp(right)):
            high = right
        else:
            low = left
    return float(np.exp((low + high) / 2))
