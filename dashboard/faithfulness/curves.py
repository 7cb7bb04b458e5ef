"""Replace pixels in a map's order and watch the probability: what both curve tests share.

A test says only what the picture is at the start and at the end; see curve_pair.py.
Source: Petsiuk et al. 2018, "RISE", arXiv:1806.07421, section 3.2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dashboard.attribution.base import Progress, Question, ignore_progress
from dashboard.inference.model import Doubles, Floats, Model
from dashboard.inference.probability import compute_probability

Ranks = NDArray[np.int32]
Steps = NDArray[np.uint8]

DEFAULT_N_STEPS = 24
# 32 inputs of (3, 260, 260) float32 are 26 MB, and few enough that "stop" acts within a second.
CHUNK = 32
# A map whose values differ by less than this share of its largest one is float32 noise.
_FLAT = 1e-6


@dataclass(frozen=True)
class Curve:
    """Probability of the target against the fraction of pixels replaced, both in [0, 1].

    ``fractions`` rises from 0 to 1; the two tuples are equally long.
    """

    fractions: tuple[float, ...]
    probabilities: tuple[float, ...]

    @property
    def auc(self) -> float:
        """Area under the curve by the trapezoidal rule, in [0, 1]; NaN if a value is NaN."""
        return float(np.trapezoid(self.probabilities, self.fractions))


def has_ranking(heat: Floats) -> bool:
    """Return whether the map (H, W) puts any pixel above another."""
    return float(np.ptp(heat)) > _FLAT * float(np.abs(heat).max())


def compute_ranks(heat: Floats, seed: int = 0) -> Ranks:
    """Return each pixel's place (H, W) in descending order of ``heat`` (H, W): 0 is the hottest.

    Ties fall in a random order drawn from ``seed``: in array order a constant area would be
    replaced from its top-left corner on, which is a shape that the map never claimed.

    Raises:
        ValueError: the heat map is not (H, W) or holds values that are not finite.
    """
    if heat.ndim != 2 or not np.isfinite(heat).all():
        raise ValueError("A heat map must be (H, W) and finite to be ranked.")
    tiebreak = np.random.default_rng(seed).permutation(heat.size)
    order = np.lexsort((tiebreak, -heat.ravel().astype(np.float64)))
    ranks = np.empty(heat.size, dtype=np.int32)
    ranks[order] = np.arange(heat.size, dtype=np.int32)
    return ranks.reshape(heat.shape)


def compute_steps(heat: Floats, n_steps: int = DEFAULT_N_STEPS, seed: int = 0) -> Steps:
    """Return the step, from 1 on, in which each pixel (H, W) is replaced by ``compute_curves``."""
    ranks = compute_ranks(heat, seed)
    steps = np.searchsorted(_count_replaced(ranks.size, n_steps), ranks, side="right")
    return steps.astype(np.uint8)


def _count_replaced(n_pixels: int, n_steps: int) -> NDArray[np.intp]:
    """Return how many pixels are replaced after each step, 0 first."""
    return np.unique(np.round(np.linspace(0, n_pixels, n_steps + 1)).astype(np.intp))


def compute_curves(
    model: Model,
    question: Question,
    ranks: Sequence[Ranks],
    start: Floats,
    end: Floats,
    n_steps: int = DEFAULT_N_STEPS,
    progress: Progress = ignore_progress,
) -> list[Curve]:
    """Return one curve for each of M rankings (H, W), from ``start`` to ``end``, each (C, H, W).

    Step k of ``n_steps`` shows ``end`` on the k/n_steps first-ranked pixels and ``start`` on the
    others. All M x n_steps pictures pass through the model in chunks, so memory does not grow
    with M; the two ends are the same for every ranking and are run once.

    Raises:
        ValueError: ``n_steps`` is under 1, or a ranking's size is not the pictures' size.
    """
    if n_steps < 1:
        raise ValueError("A curve needs at least one step.")
    if any(r.shape != start.shape[1:] for r in ranks):
        raise ValueError("The heat map and the input differ in size.")
    n_pixels = start[0].size
    counts = _count_replaced(n_pixels, n_steps)
    n_inner = len(counts) - 2
    inner = np.empty(len(ranks) * n_inner)
    for first in range(0, len(inner), CHUNK):
        rows = range(first, min(first + CHUNK, len(inner)))
        pictures = np.stack(
            [np.where(ranks[i // n_inner] < counts[1 + i % n_inner], end, start) for i in rows]
        )  # (chunk, C, H, W)
        inner[rows.start : rows.stop] = _compute_probability(model, question, pictures)
        progress(rows.stop / (len(inner) + 2))
    ends = _compute_probability(model, question, np.stack([start, end]))
    progress(1.0)
    fractions = tuple(float(count / n_pixels) for count in counts)
    return [
        Curve(fractions, tuple(map(float, (ends[0], *row, ends[1]))))
        for row in inner.reshape(len(ranks), n_inner)
    ]


def _compute_probability(model: Model, question: Question, pictures: Floats) -> Doubles:
    logits = model.predict(pictures.astype(np.float32, copy=False))
    return compute_probability(logits, question.target, question.versus)
