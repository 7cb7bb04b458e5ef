"""Infidelity: does a map foretell how far the score falls when a part of the photo is taken away?

Squares of random place and size are replaced by a blank; a map predicts each fall of the score by
the sum of its values in the square. Infidelity is the mean squared error of that prediction. Maps
come in different units, so each may first be scaled by the one factor that suits it best, and the
error is divided by that of predicting no fall at all: 0 is a perfect forecast, 1 none.
Source: Yeh et al. 2019, arXiv:1901.09392, definition 2.1 with its "square removal";
the scaling as in Captum's ``normalize``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dashboard.attribution.base import Progress, Question, ignore_progress
from dashboard.inference.model import Doubles, Floats, Model

DEFAULT_N_SQUARES = 96
_SIDES = (0.1, 0.4)  # of a square, as a share of the picture's side
_CHUNK = 16


@dataclass(frozen=True)
class Removals:
    """Squares taken away: ``masks`` (n, H, W), and the ``falls`` (n,) of the score."""

    masks: NDArray[np.bool_]
    falls: Doubles


def compute_removals(
    model: Model,
    question: Question,
    blank: Floats,
    n_squares: int = DEFAULT_N_SQUARES,
    progress: Progress = ignore_progress,
) -> Removals:
    """Return what removing squares does to the score; serves every map of the question.

    ``blank`` (1, C, H, W) is what is put in a square's place.

    Raises:
        ValueError: ``n_squares`` is under 1.
    """
    if n_squares < 1:
        raise ValueError("Infidelity needs at least one square.")
    masks = _draw_squares(question.inputs.shape[2:], n_squares, question.seed)
    whole = float(_score(model, question, question.inputs)[0])
    scores = np.empty(n_squares)
    for first in range(0, n_squares, _CHUNK):
        part = masks[first : first + _CHUNK, np.newaxis]  # (n, 1, H, W)
        pictures = np.where(part, blank, question.inputs)
        scores[first : first + len(part)] = _score(model, question, pictures)
        progress(min(1.0, (first + _CHUNK) / n_squares))
    return Removals(masks, whole - scores)


def _draw_squares(size: tuple[int, ...], count: int, seed: int) -> NDArray[np.bool_]:
    rng = np.random.default_rng(seed)
    height, width = size
    masks = np.zeros((count, height, width), bool)
    for mask in masks:
        side = max(1, round(float(rng.uniform(*_SIDES)) * min(height, width)))
        top, left = rng.integers(height - side + 1), rng.integers(width - side + 1)
        mask[top : top + side, left : left + side] = True
    return masks


def _score(model: Model, question: Question, inputs: Floats) -> Doubles:
    logits = model.predict(inputs).astype(np.float64)
    score: Doubles = logits[:, question.target]
    return score if question.versus is None else score - logits[:, question.versus]


def compute_infidelity(removals: Removals, heat: Floats) -> float:
    """Return the infidelity of a map (H, W) in [0, 1]; NaN where no square moves the score."""
    falls = removals.falls
    told = removals.masks.reshape(len(falls), -1) @ heat.ravel().astype(np.float64)  # (n,)
    total, power = float(falls @ falls), float(told @ told)
    if total == 0:
        return float("nan")
    factor = float(told @ falls) / power if power > 0 else 0.0
    # A negative factor would turn the map upside down: such a map foretells nothing.
    error = falls - max(factor, 0.0) * told
    return float(error @ error) / total
