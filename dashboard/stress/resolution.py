"""Resolution: a smaller picture enlarged smoothly, as from a distant camera or a thumbnail.

Unlike ``pixelate``, no blocks appear: the detail is simply missing.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

from dashboard.stress.base import Corruption, Level, Pixels
from dashboard.stress.pictures import apply_to_picture


def compute(image: Pixels, level: Level, rng: np.random.Generator) -> Pixels:
    """Shrink to a share ``level[0]`` of each side and enlarge again, both bicubic."""
    height, width, _ = image.shape
    few = max(round(width * level[0]), 1), max(round(height * level[0]), 1)

    def resample(picture: Image.Image) -> Image.Image:
        small = picture.resize(few, Image.Resampling.BICUBIC)
        return small.resize((width, height), Image.Resampling.BICUBIC)

    return apply_to_picture(image, resample)


CORRUPTION = Corruption(
    name="resolution",
    label="Resolution",
    group="digital",
    summary="A small picture enlarged smoothly.",
    source="levels chosen here",
    compute=compute,
    suite="ours",
    is_random=False,
    levels=((0.5,), (0.35,), (0.25,), (0.18,), (0.125,)),
    small_levels=((0.85,), (0.7,), (0.55,), (0.4,), (0.28,)),
)
