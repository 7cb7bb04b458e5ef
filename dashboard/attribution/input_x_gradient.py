"""Input x gradient: each pixel's value times the gradient of the score there.

If the network were linear this would be each pixel's exact share of the score. Networks are not
linear, and a pixel whose preprocessed value is zero (mid grey) gets nothing, however much it
matters.
"""

from __future__ import annotations

from dashboard.attribution.base import Attribution, Method, Progress, Question
from dashboard.attribution.params import Params
from dashboard.inference.model import Model


def compute(model: Model, question: Question, params: Params, progress: Progress) -> Attribution:
    """Return inputs * d score / d inputs (1, C, H, W)."""
    import torch
    from captum.attr import InputXGradient

    from dashboard.attribution.bridge import Score, to_numpy

    score = Score(model, question, progress, total=1)
    inputs = torch.from_numpy(question.inputs.copy()).requires_grad_(True)
    return Attribution(to_numpy(InputXGradient(score).attribute(inputs)))


METHOD = Method(
    name="input_x_gradient",
    label="Input × gradient",
    summary="Each pixel's value times its gradient: its share, if the network were linear.",
    source="Shrikumar et al. 2016, https://arxiv.org/abs/1605.01713",
    compute=compute,
    is_stochastic=False,
    is_signed=True,
    libraries=("torch", "captum.attr"),
    needs_gradients=True,
    if_flat="No pixel has a larger share than another: all products are equal, most likely zero.",
)
