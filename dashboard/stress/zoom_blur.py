"""Zoom blur: the mean of many enlargements, as when the camera rushes towards the scene.

The centre stays nearly sharp and the rim is smeared outwards.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from dashboard.inference.model import Floats
from dashboard.stress.base import Level, Pixels, create_published
from dashboard.stress.planes import create_image, create_planes


def _place(length: int, factor: float) -> tuple[NDArray[np.intp], NDArray[np.intp], Floats]:
    """Return for each enlarged pixel (length,) the two pixels that it lies between, and the share.

    The middle ceil(length / factor) pixels are enlarged with their end pixels held on the ends
    (scipy.ndimage.zoom), and what exceeds ``length`` is trimmed evenly.
    """
    n_kept = math.ceil(length / factor)
    n_out = max(round(n_kept * factor), length)
    first = (length - n_kept) // 2
    trim = (n_out - length) // 2
    places = np.arange(trim, trim + length) * ((n_kept - 1) / max(n_out - 1, 1))
    low = np.minimum(places.astype(np.intp), n_kept - 1)
    high = np.minimum(low + 1, n_kept - 1)
    return first + low, first + high, (places - low).astype(np.float32)


def enlarge(planes: Floats, factor: float) -> Floats:
    """Return the middle of planes (C, H, W), enlarged linearly to the same size."""
    low, high, share = _place(planes.shape[1], factor)
    rows = planes[:, high]
    rows -= planes[:, low]
    rows *= share[:, np.newaxis]
    rows += planes[:, low]
    low, high, share = _place(planes.shape[2], factor)
    left = rows.take(low, axis=2)
    result = rows.take(high, axis=2)
    result -= left
    result *= share
    result += left
    return result


def compute(image: Pixels, level: Level, rng: np.random.Generator) -> Floats:
    """Average the image and its enlargements from 1 up to ``level[0]`` in steps ``level[1]``."""
    planes = create_planes(image)
    factors = np.arange(1, level[0], level[1])
    total = 2 * planes  # the image itself, and its enlargement by 1
    for factor in factors[1:]:
        total += enlarge(planes, float(factor))
    return create_image(total / np.float32(len(factors) + 1))


CORRUPTION = create_published(
    name="zoom_blur",
    label="Zoom blur",
    group="blur",
    summary="Smeared outwards from the centre, as by rushing towards the scene.",
    compute=compute,
    is_random=False,
    levels=((1.11, 0.01), (1.16, 0.01), (1.21, 0.02), (1.26, 0.02), (1.31, 0.03)),
    small_levels=((1.06, 0.01), (1.11, 0.01), (1.16, 0.01), (1.21, 0.01), (1.26, 0.01)),
)
