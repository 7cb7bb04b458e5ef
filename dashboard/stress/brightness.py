"""Brightness: the picture is made lighter while hue and saturation (of HSV) stay.

The value, which is the largest channel, grows by a fixed amount up to white, and the other
channels grow in proportion.
"""

from __future__ import annotations

import numpy as np

from dashboard.inference.model import Floats
from dashboard.stress.base import Level, Pixels, create_published


def compute(image: Pixels, level: Level, rng: np.random.Generator) -> Floats:
    """Raise the value by ``level[0]`` whites."""
    value = image.max(axis=2)  # (H, W)
    values = np.arange(256, dtype=np.float32)
    raised = np.minimum(values + np.float32(255 * level[0]), 255)
    ratio = np.divide(raised, values, out=np.zeros_like(raised), where=values > 0)
    brighter: Floats = image * ratio[value][..., np.newaxis]
    brighter[value == 0] = raised[0]  # black has no hue: it becomes grey
    return brighter


CORRUPTION = create_published(
    name="brightness",
    label="Brightness",
    group="weather",
    summary="Lighter everywhere, as in glaring sun.",
    compute=compute,
    is_random=False,
    levels=((0.1,), (0.2,), (0.3,), (0.4,), (0.5,)),
    small_levels=((0.05,), (0.1,), (0.15,), (0.2,), (0.3,)),
)
