"""Integrated gradients: fade the photo in from a blank and add up the gradients on the way.

The attributions add up to the difference between the score of the photo and the score of the
blank (completeness), so the gap between the two says whether enough steps were taken. What counts
as blank is a choice, and the map depends on it: black hides what is black.
"""

from __future__ import annotations

import numpy as np

from dashboard.attribution.base import Attribution, Method, Progress, Question
from dashboard.attribution.fill import create_fill, create_fill_param
from dashboard.attribution.params import IntParam, Params
from dashboard.inference.model import Model

# Captum's own default, Gauss-Legendre, needs the fewest steps on a smooth path.
_RULE = "gausslegendre"
_CHUNK = 8  # gradients at once: as fast as more, in a fraction of their memory


def compute(model: Model, question: Question, params: Params, progress: Progress) -> Attribution:
    """Return the attributions (1, C, H, W) and how far they are from adding up."""
    import torch
    from captum.attr import IntegratedGradients

    from dashboard.attribution.bridge import Score, to_numpy

    n_steps = int(params["n_steps"])
    blank = create_fill(model, question.inputs, str(params["fill"]))
    score = Score(model, question, progress, total=n_steps + 2)
    attributions = IntegratedGradients(score).attribute(
        torch.from_numpy(question.inputs.copy()),
        torch.from_numpy(blank),
        n_steps=n_steps,
        method=_RULE,
        internal_batch_size=_CHUNK,
    )
    values = to_numpy(attributions)
    whole, empty = score.predict(np.concatenate([question.inputs, blank]))
    difference = float(whole) - float(empty)
    return Attribution(values, float(values.sum(dtype=np.float64)) - difference, difference)


METHOD = Method(
    name="integrated_gradients",
    label="Integrated gradients",
    summary="Gradients added up while the photo fades in from a blank.",
    source="Sundararajan et al. 2017, https://arxiv.org/abs/1703.01365",
    compute=compute,
    is_stochastic=False,
    is_signed=True,
    completeness="exact",
    libraries=("torch", "captum.attr", "scipy.ndimage"),
    params=(
        IntParam("n_steps", "Steps", 50, 8, 200, 1, "More steps close the completeness gap."),
        create_fill_param("Blank", "The picture that the photo fades in from."),
    ),
    needs_gradients=True,
    if_flat="No pixel has a larger share than another: the gradients are equal, or the photo is "
    "the blank itself.",
)
