"""DeepLIFT: how much of the change of the score each pixel's change from a blank explains.

The network sees the photo and a blank. Going back, every layer hands on the change of the score by
the change of its input, in place of a slope at one point, so that saturation hides nothing. The
map adds up to the difference of the two scores, at the price of about three gradients where
integrated gradients need many; that the sum is right does not yet say that each pixel's share is.
The rule is *rescale*; products of activations, softmax and normalising layers go by their parts.
"""

from __future__ import annotations

import numpy as np

from dashboard.attribution.backward import propagate
from dashboard.attribution.base import Attribution, Method, Progress, Question
from dashboard.attribution.fill import create_fill, create_fill_param
from dashboard.attribution.params import Params
from dashboard.attribution.score import compute_score
from dashboard.inference.model import Model


def compute(model: Model, question: Question, params: Params, progress: Progress) -> Attribution:
    """Return the attributions (1, C, H, W) and how far they are from adding up."""
    blank = create_fill(model, question.inputs, str(params["fill"]))
    attributions = propagate(model, "deeplift", question, blank)
    progress(0.7)
    logits = model.predict(np.concatenate([question.inputs, blank]))
    whole, empty = compute_score(logits, question)
    progress(1.0)
    difference = float(whole) - float(empty)
    delta = float(attributions.sum(dtype=np.float64)) - difference
    return Attribution(attributions, delta, difference)


METHOD = Method(
    name="deeplift",
    label="DeepLIFT",
    summary="What each pixel's change from a blank adds to the change of the score.",
    source="Shrikumar et al. 2017, https://arxiv.org/abs/1704.02685",
    compute=compute,
    is_signed=True,
    is_stochastic=False,
    completeness="exact",
    libraries=("scipy.ndimage",),
    params=(create_fill_param("Blank", "The picture that the photo is compared with."),),
    needs_gradients=True,
    if_flat="No pixel's change from the blank adds more to the score than another's; perhaps the "
    "photo is the blank.",
)
