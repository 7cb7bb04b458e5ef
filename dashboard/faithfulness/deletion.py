"""Deletion: take the hottest pixels away first; a faithful map makes the probability fall fast.

A deleted pixel becomes 0, which in a preprocessed input is the mean of the data set (mid grey).
The smaller the area under the curve, the better.
Source: Petsiuk et al. 2018, "RISE", arXiv:1806.07421, section 3.2.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dashboard.attribution.base import Progress, Question, ignore_progress
from dashboard.faithfulness.curves import DEFAULT_N_STEPS, Curve, Ranks, compute_curves
from dashboard.inference.model import Model


def compute_deletion(
    model: Model,
    question: Question,
    ranks: Sequence[Ranks],
    n_steps: int = DEFAULT_N_STEPS,
    progress: Progress = ignore_progress,
) -> list[Curve]:
    """Return the deletion curve of each ranking (H, W); see ``compute_curves``."""
    photo = question.inputs[0]  # (C, H, W)
    return compute_curves(model, question, ranks, photo, np.zeros_like(photo), n_steps, progress)
