"""Saliency: which pixels, changed a little, would change the score most.

The absolute value of the gradient of the score with respect to each pixel. One backward pass, no
choices to make. It is noisy, and it answers "what would change the score", not "what made it":
where the network is saturated, the gradient of decisive evidence is close to zero.
"""

from __future__ import annotations

from dashboard.attribution.base import Attribution, Method, Progress, Question
from dashboard.attribution.params import Params
from dashboard.inference.model import Model


def compute(model: Model, question: Question, params: Params, progress: Progress) -> Attribution:
    """Return |d score / d inputs| (1, C, H, W)."""
    import torch
    from captum.attr import Saliency

    from dashboard.attribution.bridge import Score, to_numpy

    score = Score(model, question, progress, total=1)
    inputs = torch.from_numpy(question.inputs.copy()).requires_grad_(True)
    return Attribution(to_numpy(Saliency(score).attribute(inputs)))


METHOD = Method(
    name="saliency",
    label="Saliency",
    summary="Where a small change of a pixel would change the score most.",
    source="Simonyan et al. 2013, https://arxiv.org/abs/1312.6034",
    compute=compute,
    is_signed=False,
    is_stochastic=False,
    libraries=("torch", "captum.attr"),
    needs_gradients=True,
    channels="max",  # as in the paper
    if_flat="No pixel would change this score more than another: all gradients are equally large, "
    "most likely zero.",
)
