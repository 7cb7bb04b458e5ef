"""The opponents: maps that know nothing of the network, scored on the same photo and class.

They are scored rather than assumed: a random map's score is 0 in theory only. On 20 photos and
EfficientNet-Lite0 it was 0.07 on average, from -0.04 to 0.24 by photo, because scattered pixels
are found again in a blurred photo sooner than they are missed in a sharp one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dashboard.attribution.base import Progress, Question, ignore_progress
from dashboard.faithfulness.curves import DEFAULT_N_STEPS
from dashboard.faithfulness.score import FaithfulnessScore, compute_scores
from dashboard.inference.model import Floats, Model

# With 8 random maps, a map that is itself random comes first 1 time in 9.
N_RANDOM = 8


@dataclass(frozen=True)
class BaselineScores:
    """``random`` holds one score a seed; ``others`` the remaining trivial maps by method name."""

    random: tuple[FaithfulnessScore, ...]
    others: Mapping[str, FaithfulnessScore]


def compute_baselines(
    model: Model,
    question: Question,
    random_heats: Sequence[Floats],
    other_heats: Mapping[str, Floats],
    n_steps: int = DEFAULT_N_STEPS,
    progress: Progress = ignore_progress,
) -> BaselineScores:
    """Return the scores of the trivial maps, each (H, W).

    The caller makes the maps (``N_RANDOM`` seeds of the method ``random``, one each of
    ``intensity`` and ``edges``): this room judges maps and knows no method. ``n_steps`` must be
    the one of the map that is judged. Errors as in ``compute_scores``.
    """
    heats = {f"random {i}": heat for i, heat in enumerate(random_heats)} | dict(other_heats)
    scores = compute_scores(model, question, heats, n_steps, progress)
    others = {name: scores[name] for name in other_heats}
    return BaselineScores(
        tuple(score for name, score in scores.items() if name not in others), others
    )
