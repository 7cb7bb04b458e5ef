"""Random: a map drawn by lot. What does not beat it has explained nothing.

The noise is drawn on a grid of 14 x 14 and smoothly enlarged, so that it is as coarse as many real
maps. Coarse noise is luckier and unluckier than noise of single pixels, and the best of several is
the harder opponent: on 20 ImageNet photos the best of eight scored 0.18 on average, and 0.12 with
single pixels, although one map alone scores no better (0.04 and 0.07; EfficientNet-Lite0).
"""

from __future__ import annotations

import numpy as np
from PIL import Image

from dashboard.attribution.base import Attribution, Progress, Question, create_baseline
from dashboard.attribution.params import Params
from dashboard.inference.model import Model

_N_CELLS = 14


def compute(model: Model, question: Question, params: Params, progress: Progress) -> Attribution:
    """Return smooth noise in [0, 1] (1, 1, H, W), another for every seed."""
    height, width = question.inputs.shape[2:]
    noise = np.random.default_rng(question.seed).random((_N_CELLS, _N_CELLS), dtype=np.float32)
    enlarged = Image.fromarray(noise).resize((width, height), Image.Resampling.BILINEAR)
    progress(1.0)
    return Attribution(np.asarray(enlarged, dtype=np.float32)[np.newaxis, np.newaxis])


METHOD = create_baseline(
    name="random",
    label="Random",
    summary="A map drawn by lot: the opponent that every method must beat.",
    compute=compute,
    is_stochastic=True,
)
