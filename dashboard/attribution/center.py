"""Center: a soft spot in the middle. It knows nothing of the network, nor even of the photo.

Photographers put things in the middle. On the labelled ImageNet photos that we measured, this spot
beat random maps on 9 of 20: a map that is bright in the middle has not shown much yet.
"""

from __future__ import annotations

import numpy as np

from dashboard.attribution.base import Attribution, Progress, Question, create_baseline
from dashboard.attribution.params import Params
from dashboard.inference.model import Model

# Standard deviation as a share of each side.
_SPREAD = 0.25


def compute(model: Model, question: Question, params: Params, progress: Progress) -> Attribution:
    """Return a Gaussian spot (1, 1, H, W), 1 at its top."""
    height, width = question.inputs.shape[2:]
    y, x = (
        ((np.arange(side) + 0.5) / side - 0.5) / _SPREAD for side in (height, width)
    )  # in standard deviations from the middle
    spot = np.exp(-0.5 * (y[:, np.newaxis] ** 2 + x**2)).astype(np.float32)
    progress(1.0)
    return Attribution(spot[np.newaxis, np.newaxis])


METHOD = create_baseline(
    name="center",
    label="Center",
    summary="A soft spot in the middle: a map that knows nothing at all.",
    compute=compute,
    is_stochastic=False,
)
