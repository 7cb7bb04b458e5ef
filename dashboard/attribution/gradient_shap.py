"""GradientSHAP: integrated gradients with random blanks, and random points on the way.

Each sample draws one of several blanks (black, grey, white, blurred) and one point between it and
the photo. The mean approximates SHAP values. It adds up only in expectation, and the gap shrinks
slowly, with the square root of the number of samples: on a photo of a cat it was still about 40 %
of the score's difference with 128. With noise it adds up to the score of the noisy photo instead.
"""

from __future__ import annotations

import numpy as np

from dashboard.attribution.base import Attribution, Method, Progress, Question
from dashboard.attribution.fill import FILLS, create_fill
from dashboard.attribution.params import FloatParam, IntParam, Params
from dashboard.inference.model import Model

_CHUNK = 8  # gradients at once: as fast as more, in a fraction of their memory


def split(n_samples: int) -> list[int]:
    """Return how many samples each call of Captum draws: it would hold all of them at once.

    The mean of independent samples is the mean over groups of them, weighted by their sizes.
    """
    return [min(_CHUNK, n_samples - first) for first in range(0, n_samples, _CHUNK)]


def compute(model: Model, question: Question, params: Params, progress: Progress) -> Attribution:
    """Return the attributions (1, C, H, W); the difference is from the blanks' mean score."""
    import torch
    from captum.attr import GradientShap

    from dashboard.attribution.bridge import Score, to_numpy
    from dashboard.attribution.seeding import Draws

    n_samples = int(params["n_samples"])
    black, white = model.input_range
    blanks = np.concatenate([create_fill(model, question.inputs, name) for name in FILLS])
    draws = Draws(question.seed)
    score = Score(model, question, progress, total=n_samples + 1 + len(blanks), draws=draws)
    inputs = torch.from_numpy(question.inputs.copy())
    total = torch.zeros_like(inputs)
    with draws:
        for n in split(n_samples):
            mean = GradientShap(score).attribute(
                inputs,
                torch.from_numpy(blanks),
                n_samples=n,
                stdevs=float(params["noise"]) * float((white - black).mean()),
            )
            total += n * mean
    values = to_numpy(total / n_samples)
    scores = score.predict(np.concatenate([question.inputs, blanks]))
    difference = float(scores[0]) - float(scores[1:].mean())
    return Attribution(values, float(values.sum(dtype=np.float64)) - difference, difference)


METHOD = Method(
    name="gradient_shap",
    label="GradientSHAP",
    summary="Integrated gradients over several blanks, sampled at random.",
    source="Lundberg and Lee 2017, https://arxiv.org/abs/1705.07874",
    compute=compute,
    is_signed=True,
    is_stochastic=True,
    completeness="in expectation",
    libraries=("torch", "captum.attr", "scipy.ndimage"),
    params=(
        IntParam("n_samples", "Samples", 48, 8, 1000, 8),
        FloatParam(
            "noise",
            "Noise",
            0.0,  # Captum's default; any other breaks completeness, also in expectation
            0.0,
            0.3,
            0.05,
            "Standard deviation, black to white = 1",
        ),
    ),
    needs_gradients=True,
    budget="n_samples",
    if_flat="No pixel has a larger share than another: the gradients are equal all the way from "
    "the blanks.",
)
