"""Occlusion: slide a patch over the photo and watch how far the score falls.

Needs no gradients: it works on any network. The patch itself is something the network has never
seen, and evidence that exists twice in the photo is missed, because the other copy remains.
"""

from __future__ import annotations

import math

from dashboard.attribution.base import Attribution, Method, Progress, Question
from dashboard.attribution.fill import create_fill, create_fill_param
from dashboard.attribution.params import IntParam, Params
from dashboard.inference.model import Model

_CHUNK = 32


def compute(model: Model, question: Question, params: Params, progress: Progress) -> Attribution:
    """Return each pixel's mean fall of the score (1, C, H, W) over the patches that cover it."""
    import torch
    from captum.attr import Occlusion

    from dashboard.attribution.bridge import Score, to_numpy

    n_channels, height, width = question.inputs.shape[1:]
    # A patch over everything leaves nothing to compare; gaps between patches leave pixels unasked.
    window = max(1, min(int(params["window"]), min(height, width) // 2))
    stride = min(int(params["stride"]), window)
    n_places = math.prod(math.ceil((side - window) / stride) + 1 for side in (height, width))
    attributions = Occlusion(Score(model, question, progress, n_places + 1)).attribute(
        torch.from_numpy(question.inputs.copy()),
        sliding_window_shapes=(n_channels, window, window),
        strides=(n_channels, stride, stride),
        baselines=torch.from_numpy(create_fill(model, question.inputs, str(params["fill"]))),
        perturbations_per_eval=_CHUNK,
    )
    return Attribution(to_numpy(attributions))


METHOD = Method(
    name="occlusion",
    label="Occlusion",
    summary="How far the score falls when a patch covers each place.",
    source="Zeiler and Fergus 2013, https://arxiv.org/abs/1311.2901",
    compute=compute,
    is_stochastic=False,
    is_signed=True,
    libraries=("torch", "captum.attr", "scipy.ndimage"),
    params=(
        IntParam("window", "Patch", 28, 8, 96, 4, "Side of the patch, in pixels of the input."),
        IntParam("stride", "Step", 14, 8, 48, 2, "Pixels between two places of the patch."),
        create_fill_param("Patch shows", "What the patch puts in the photo's place."),
    ),
    if_flat="Wherever the patch lies, the score falls by the same.",
)
