"""Insertion and deletion: the picture of the test, for the eye.

Insertion shows the hottest pixels first and wants the probability to rise fast; deletion takes them
away first and wants it to fall fast. Both begin or end at the *same* removed picture: then a map
that knows nothing has equal areas, and insertion minus deletion is 0 for it. (With a blur at one
end and grey at the other, random maps had +.49 on garments.)
Source: Petsiuk et al. 2018, "RISE", arXiv:1806.07421, section 3.2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dashboard.attribution.base import Progress, Question, ignore_progress
from dashboard.faithfulness.curves import DEFAULT_N_STEPS, Curve, compute_curves, compute_ranks
from dashboard.faithfulness.removal import GREY, Removal
from dashboard.inference.model import Floats, Model


@dataclass(frozen=True)
class CurvePair:
    """Both curves of a map."""

    insertion: Curve
    deletion: Curve

    @property
    def difference(self) -> float:
        """Insertion AUC minus deletion AUC, in [-1, 1]; 0 for ignorance, NaN if undefined."""
        return self.insertion.auc - self.deletion.auc


def compute_curve_pairs(
    model: Model,
    question: Question,
    heats: Mapping[str, Floats],
    removal: Removal = GREY,
    n_steps: int = DEFAULT_N_STEPS,
    progress: Progress = ignore_progress,
) -> dict[str, CurvePair]:
    """Return the curves of each heat map (H, W) by name, in about 2 x n_steps inputs a map.

    Ties are broken from ``question.seed``.

    Raises:
        ValueError: a map is not finite or not of the input's size; ``n_steps`` is under 1.
    """
    photo = question.inputs[0]  # (C, H, W)
    removed = removal.compute(model, photo)
    ranks = [compute_ranks(heat, question.seed) for heat in heats.values()]
    insertions = compute_curves(
        model, question, ranks, removed, photo, n_steps, lambda done: progress(done / 2)
    )
    deletions = compute_curves(
        model, question, ranks, photo, removed, n_steps, lambda done: progress((1 + done) / 2)
    )
    rows = zip(heats, insertions, deletions, strict=True)
    return {name: CurvePair(insertion, deletion) for name, insertion, deletion in rows}
