"""Insertion: sharpen the hottest pixels first; a faithful map makes the probability rise fast.

The start is a blurred copy rather than a grey canvas: on grey, the edges of the inserted pixels
would themselves be evidence. The larger the area under the curve, the better.
Source: Petsiuk et al. 2018, "RISE", arXiv:1806.07421, section 3.2.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dashboard.attribution.base import Progress, Question, ignore_progress
from dashboard.faithfulness.curves import DEFAULT_N_STEPS, Curve, Ranks, compute_curves
from dashboard.inference.model import Floats, Model

# Standard deviation of the blur as a share of the shorter side: 10 pixels of 224. On 20 photos
# EfficientNet-Lite0 then gave the class at most 4 %; under 5 pixels up to 53 %, under 3 up to 99 %,
# and a curve that starts at the top cannot rise.
BLUR = 10 / 224


def compute_blurred(photo: Floats, sigma: float | None = None) -> Floats:
    """Return ``photo`` (C, H, W) under a Gaussian blur of ``sigma`` pixels, borders repeated."""
    if sigma is None:
        sigma = BLUR * min(photo.shape[1:])
    radius = max(1, round(3 * sigma))
    offsets = np.arange(-radius, radius + 1)
    weights = np.exp(-0.5 * (offsets / max(sigma, 1e-6)) ** 2)
    weights = (weights / weights.sum()).astype(np.float32)
    blurred = photo
    for axis in (1, 2):  # a Gaussian blur is one blur along H, then one along W
        size = photo.shape[axis]
        border = [(radius, radius) if a == axis else (0, 0) for a in range(3)]
        padded = np.pad(blurred, border, mode="edge")
        blurred = np.zeros_like(photo)
        for i, weight in enumerate(weights):
            blurred += weight * (
                padded[:, i : i + size] if axis == 1 else padded[:, :, i : i + size]
            )
    return blurred


def compute_insertion(
    model: Model,
    question: Question,
    ranks: Sequence[Ranks],
    n_steps: int = DEFAULT_N_STEPS,
    progress: Progress = ignore_progress,
) -> list[Curve]:
    """Return the insertion curve of each ranking (H, W); see ``compute_curves``."""
    photo = question.inputs[0]  # (C, H, W)
    return compute_curves(model, question, ranks, compute_blurred(photo), photo, n_steps, progress)
