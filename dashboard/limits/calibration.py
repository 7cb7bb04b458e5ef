"""Does a network's confidence mean what it says? Reliability, calibration error, temperature.

Guo et al. 2017, "On Calibration of Modern Neural Networks", arXiv 1706.04599. The error of few
pictures is never 0, not even of a network whose every confidence is true: in each bin chance puts
too many or too few right. That *floor* is simulated here, as Broecker and Smith 2007, "Increasing
the Reliability of Reliability Diagrams", https://doi.org/10.1175/WAF993.1, do for the diagram.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dashboard.inference.model import Doubles, Floats, Ints
from dashboard.inference.probability import compute_probabilities

N_BINS = 15  # as in the paper
_LOWEST, _HIGHEST = 0.05, 20.0  # temperatures
_N_SIMULATED = 1000
_N_RESAMPLES = 200
_CHUNK = 100  # simulations at once: 8 MB with 10,000 pictures
_STEPS = 60  # golden section: the bracket shrinks by 0.618 a step, to 1e-12 of its width


@dataclass(frozen=True)
class Bin:
    """Answers of about one confidence: how many, how sure on average, how often right."""

    count: int
    confidence: float
    accuracy: float


@dataclass(frozen=True)
class Floor:
    """The calibration error of a perfectly calibrated network with the same confidences.

    ``mean`` over simulated answers, each right with its own confidence as probability; 95 % of the
    simulations lie between ``low`` and ``high``.
    """

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Calibration:
    """``accuracy``, mean ``confidence`` and expected calibration error ``ece``, all in [0, 1].

    ``floor`` is what the error would be of a perfectly calibrated network.
    """

    accuracy: float
    confidence: float
    ece: float
    bins: tuple[Bin, ...]
    floor: Floor


def compute_bins(
    confidence: Doubles, is_right: NDArray[np.bool_], n_bins: int = N_BINS
) -> list[Bin]:
    """Return the filled ones of ``n_bins`` equally wide bins of confidence, least sure first.

    ``confidence`` (N,) in [0, 1], ``is_right`` (N,). Bins are (low, high], as in the paper.
    """
    place = _place(confidence, n_bins)
    bins = []
    for index in range(n_bins):
        chosen = place == index
        if chosen.any():
            mean, hits = float(confidence[chosen].mean()), float(is_right[chosen].mean())
            bins.append(Bin(int(chosen.sum()), mean, hits))
    return bins


def _place(confidence: Doubles, n_bins: int) -> Ints:
    place: Ints = np.clip(np.ceil(confidence * n_bins).astype(np.int64) - 1, 0, n_bins - 1)
    return place


def compute_ece(bins: list[Bin]) -> float:
    """Return the mean distance of confidence and accuracy over the bins, weighted by count."""
    total = sum(each.count for each in bins)
    return sum(each.count * abs(each.confidence - each.accuracy) for each in bins) / total


def compute_floor(confidence: Doubles, n_bins: int = N_BINS, seed: int = 0) -> Floor:
    """Return the error that chance alone gives to answers of these confidences (N,).

    A bin's share of the error, n_b / n |acc_b - conf_b|, is |right answers - sum of confidences|
    / n, so a simulation needs the number of right answers a bin only.
    """
    place = _place(confidence, n_bins)
    members = (place[:, None] == np.arange(n_bins)).astype(np.float32)  # (N, B)
    expected = members.T.astype(np.float64) @ confidence  # (B,)
    rng, errors = np.random.default_rng(seed), []
    for _ in range(0, _N_SIMULATED, _CHUNK):
        is_right = rng.random((_CHUNK, len(confidence)), np.float32) < confidence
        hits = is_right.astype(np.float32) @ members  # (chunk, B)
        errors.append(np.abs(hits - expected).sum(axis=1) / len(confidence))
    low, high = np.quantile(errors, (0.025, 0.975))
    return Floor(float(np.mean(errors)), float(low), float(high))


def estimate_spread(confidence: Doubles, is_right: NDArray[np.bool_], seed: int = 0) -> float:
    """Return the standard deviation of the error over bootstrapped sets of pictures (Efron 1979).

    Only their spread is used: a resampled set repeats pictures, which adds an error of its own.
    """
    place, n = _place(confidence, N_BINS), len(confidence)
    gaps = (place[:, None] == np.arange(N_BINS)) * (is_right - confidence)[:, None]  # (N, B)
    rng = np.random.default_rng(seed)
    weights = rng.multinomial(n, np.full(n, 1 / n), _N_RESAMPLES)
    return float(np.std(np.abs(weights @ gaps).sum(axis=1) / n))


def measure_calibration(
    logits: Floats | Doubles, labels: Ints, temperature: float = 1.0
) -> Calibration:
    """Return how well logits (N, K) at a temperature are calibrated against labels (N,)."""
    confidence, is_right = compute_confidence(logits, labels, temperature)
    bins = compute_bins(confidence, is_right)
    return Calibration(
        float(is_right.mean()),
        float(confidence.mean()),
        compute_ece(bins),
        tuple(bins),
        compute_floor(confidence),
    )


def compute_confidence(
    logits: Floats | Doubles, labels: Ints, temperature: float = 1.0
) -> tuple[Doubles, NDArray[np.bool_]]:
    """Return how sure each answer is (N,), and whether it is right (N,)."""
    probs = compute_probabilities(logits, temperature)
    return probs.max(axis=1), probs.argmax(axis=1) == labels


def fit_across(logits: Floats, labels: Ints, n_folds: int = 10, seed: int = 0) -> Doubles:
    """Return a temperature for each picture (N,) that was fitted on other pictures.

    The pictures are dealt into ``n_folds``; those of a fold get the temperature of all others, so
    that every picture may be measured and none was fitted on.
    """
    fold = np.random.default_rng(seed).permutation(len(labels)) % n_folds
    temperatures = np.empty(len(labels))
    for index in range(n_folds):
        is_inside = fold == index
        temperatures[is_inside] = fit_temperature(logits[~is_inside], labels[~is_inside])
    return temperatures


def compute_losses(logits: Floats | Doubles, labels: Ints) -> Doubles:
    """Return the negative log-likelihood, in nats, of each label (N,) given logits (N, K)."""
    values = logits.astype(np.float64)
    top = values.max(axis=1)
    total = np.log(np.exp(values - top[:, None]).sum(axis=1)) + top
    losses: Doubles = total - values[np.arange(len(labels)), labels]
    return losses


def compute_nll(logits: Floats, labels: Ints, temperature: float) -> float:
    """Return the mean negative log-likelihood, in nats, of labels (N,) at a temperature."""
    return float(compute_losses(logits.astype(np.float64) / temperature, labels).mean())


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
