"""One backward pass by the rules of a method, for the question at hand."""

from __future__ import annotations

import numpy as np

from dashboard.attribution.base import Question
from dashboard.inference.model import BackwardRules, Floats, Model


def propagate(
    model: Model, rules: BackwardRules, question: Question, baseline: Floats | None = None
) -> Floats:
    """Return what the rules carry back to the inputs, (1, C, H, W)."""
    target = np.array([question.target])
    versus = None if question.versus is None else np.array([question.versus])
    return model.propagate(rules, question.inputs, target, versus, baseline)
