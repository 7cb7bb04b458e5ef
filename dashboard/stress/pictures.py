"""Let Pillow work on an image of any number of channels."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image

from dashboard.stress.base import Pixels

Work = Callable[[Image.Image], Image.Image]


def apply_to_picture(image: Pixels, work: Work) -> Pixels:
    """Return ``work`` on an image (H, W, C): whole if C is 3, else channel by channel as grey.

    ``work`` keeps the mode (RGB or L) and the size.
    """
    if image.shape[2] == 3:
        return np.asarray(work(Image.fromarray(image)))
    channels = [
        np.asarray(work(Image.fromarray(np.ascontiguousarray(image[..., k]))))
        for k in range(image.shape[2])
    ]
    return np.stack(channels, axis=2)
