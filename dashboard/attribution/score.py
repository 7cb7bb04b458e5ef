"""The number that is explained, from the logits."""

from __future__ import annotations

from dashboard.attribution.base import Question
from dashboard.inference.model import Floats


def compute_score(logits: Floats, question: Question) -> Floats:
    """Return the scores (N,) of logits (N, K): the target's logit, less that of ``versus``."""
    score: Floats = logits[:, question.target]
    if question.versus is not None:
        score = score - logits[:, question.versus]
    return score
