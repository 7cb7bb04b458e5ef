"""JPEG compression: blocks of 8 pixels with their finest patterns dropped, and blurred colour."""

from __future__ import annotations

from io import BytesIO

import numpy as np
from PIL import Image

from dashboard.stress.base import Level, Pixels, create_published
from dashboard.stress.pictures import apply_to_picture


def compute(image: Pixels, level: Level, rng: np.random.Generator) -> Pixels:
    """Write and read the image as JPEG of quality ``level[0]`` (of 100)."""

    def compress(picture: Image.Image) -> Image.Image:
        file = BytesIO()
        picture.save(file, "JPEG", quality=int(level[0]))
        return Image.open(file, formats=("JPEG",))

    return apply_to_picture(image, compress)


CORRUPTION = create_published(
    name="jpeg_compression",
    label="JPEG compression",
    group="digital",
    summary="Blocks and blurred colour, as in a picture saved too small.",
    compute=compute,
    is_random=False,
    levels=((25,), (18,), (15,), (10,), (7,)),
    small_levels=((80,), (65,), (58,), (50,), (40,)),
)
