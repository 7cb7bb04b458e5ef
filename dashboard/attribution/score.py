"""The number that is explained, from the logits."""

from __future__ import annotations

import numpy as np

from dashboard.attribution.base import Question
from dashboard.inference.model import Floats


def compute_score(logits: Floats, question: Question) -> Floats:
    """Return the scores (N,) of logits (N, K): the target's logit, less that of ``versus``."""
    score: Floats = logits[:, question.target]
    if question.versus is not None:
        score = score - logits[:, question.versus]
    return score


def compute_target_probability(logits: Floats, question: Question) -> Floats:
    """Return the target's softmax probability (N,), between the two classes where contrasted."""
    rivals = logits if question.versus is None else logits[:, [question.target, question.versus]]
    rivals = rivals.astype(np.float64)
    top = rivals.max(axis=1, keepdims=True)
    total = np.exp(rivals - top).sum(axis=1)
    probability: Floats = (np.exp(logits[:, question.target] - top[:, 0]) / total).astype(
        np.float32
    )
    return probability
