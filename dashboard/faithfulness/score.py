"""One figure for a map: how much better it is to show its pixels than to take them away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from dashboard.attribution.base import Progress, Question, ignore_progress
from dashboard.faithfulness.curves import DEFAULT_N_STEPS, Curve, compute_ranks
from dashboard.faithfulness.deletion import compute_deletion
from dashboard.faithfulness.insertion import compute_insertion
from dashboard.inference.model import Floats, Model

# A map whose values differ by less than this share of its largest one is float32 noise.
_FLAT = 1e-6


@dataclass(frozen=True)
class FaithfulnessScore:
    """Both curves of a map. ``has_ranking`` is false for a map that is the same everywhere."""

    insertion: Curve
    deletion: Curve
    has_ranking: bool = True

    @property
    def score(self) -> float:
        """Insertion AUC minus deletion AUC, in [-1, 1]; higher is better, NaN if undefined."""
        return self.insertion.auc - self.deletion.auc

    @property
    def start_probability(self) -> float:
        """The probability that the model gives the whole photo: where deletion starts."""
        return self.deletion.probabilities[0]


def has_ranking(heat: Floats) -> bool:
    """Return whether the map (H, W) puts any pixel above another."""
    return float(np.ptp(heat)) > _FLAT * float(np.abs(heat).max())


def compute_scores(
    model: Model,
    question: Question,
    heats: Mapping[str, Floats],
    n_steps: int = DEFAULT_N_STEPS,
    progress: Progress = ignore_progress,
) -> dict[str, FaithfulnessScore]:
    """Return the score of each heat map (H, W) by name, in about 2 x n_steps inputs a map.

    Ties are broken from ``question.seed``.

    Raises:
        ValueError: a map is not finite or not of the input's size; ``n_steps`` is under 1.
    """
    ranks = [compute_ranks(heat, question.seed) for heat in heats.values()]
    insertions = compute_insertion(
        model, question, ranks, n_steps, lambda fraction: progress(fraction / 2)
    )
    deletions = compute_deletion(
        model, question, ranks, n_steps, lambda fraction: progress((1 + fraction) / 2)
    )
    rows = zip(heats.items(), insertions, deletions, strict=True)
    return {name: FaithfulnessScore(i, d, has_ranking(heat)) for (name, heat), i, d in rows}


def compute_faithfulness(
    model: Model,
    question: Question,
    heat: Floats,
    n_steps: int = DEFAULT_N_STEPS,
    progress: Progress = ignore_progress,
) -> FaithfulnessScore:
    """Return the score of one heat map (H, W); see ``compute_scores``."""
    return compute_scores(model, question, {"map": heat}, n_steps, progress)["map"]
