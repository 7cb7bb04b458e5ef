"""Gaussian blur: every pixel becomes the mean of its neighbourhood, near ones counting more.

It removes fine detail and texture and leaves large shapes. Outside, the edge pixels go on.
"""

from __future__ import annotations

import numpy as np

from dashboard.inference.model import Floats
from dashboard.stress.base import Level, Pixels, create_published
from dashboard.stress.convolution import blur
from dashboard.stress.planes import create_image, create_planes


def compute(image: Pixels, level: Level, rng: np.random.Generator) -> Floats:
    """Blur with a standard deviation of ``level[0]`` pixels."""
    return create_image(blur(create_planes(image), level[0]))


CORRUPTION = create_published(
    name="gaussian_blur",
    label="Gaussian blur",
    group="blur",
    suite="extra",
    summary="Fine detail is averaged away.",
    compute=compute,
    is_random=False,
    levels=((1,), (2,), (3,), (4,), (6,)),
    small_levels=((0.4,), (0.6,), (0.7,), (0.8,), (1,)),
)
