"""Intensity: the photo's own brightness as a map. It knows nothing of the network.

On simple pictures (a white digit on black) it beats most methods, which says more about the
picture than about the map.
"""

from __future__ import annotations

import numpy as np

from dashboard.attribution.base import Attribution, Progress, Question, create_baseline
from dashboard.attribution.luminance import compute_luminance
from dashboard.attribution.params import Params
from dashboard.inference.model import Model


def compute(model: Model, question: Question, params: Params, progress: Progress) -> Attribution:
    """Return the brightness (1, 1, H, W)."""
    progress(1.0)
    return Attribution(compute_luminance(model, question.inputs)[np.newaxis, np.newaxis])


METHOD = create_baseline(
    name="intensity",
    label="Intensity",
    summary="The photo's brightness: a map that knows nothing of the network.",
    compute=compute,
    is_stochastic=False,
    if_flat="The photo is equally bright everywhere.",
)
