"""Pixelate: fewer pixels, each shown as a block, as when a small picture is blown up.

At 28 px the published shares leave 26, 25, 23, 21 and 18 pixels a side; which of two such grids
happens to fit the picture is chance, so there a higher level is not always further from it.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

from dashboard.stress.base import Level, Pixels, create_published
from dashboard.stress.pictures import apply_to_picture


def compute(image: Pixels, level: Level, rng: np.random.Generator) -> Pixels:
    """Shrink to a share ``level[0]`` of each side by averaging, and enlarge without smoothing."""
    height, width, _ = image.shape
    few = max(int(width * level[0]), 1), max(int(height * level[0]), 1)

    def coarsen(picture: Image.Image) -> Image.Image:
        small = picture.resize(few, Image.Resampling.BOX)
        return small.resize((width, height), Image.Resampling.NEAREST)

    return apply_to_picture(image, coarsen)


CORRUPTION = create_published(
    name="pixelate",
    label="Pixelate",
    group="digital",
    summary="Fewer, larger pixels.",
    compute=compute,
    is_random=False,
    levels=((0.6,), (0.5,), (0.4,), (0.3,), (0.25,)),
    small_levels=((0.95,), (0.9,), (0.85,), (0.75,), (0.65,)),
    is_monotone=False,
)
