"""Spatter: drops on the lens: rain at levels 1 to 3, mud at 4 and 5.

Drops are where a smooth random field exceeds a threshold. Water brightens, most where a drop is
thick and far from its rim; mud covers. The change from one to the other makes level 4 no further
from the original than level 3 in grey levels.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dashboard.inference.model import Floats
from dashboard.stress.base import Level, Pixels, create_published
from dashboard.stress.contours import compute_distance, compute_edges
from dashboard.stress.convolution import blur
from dashboard.stress.planes import create_image, create_planes, tint

_WATER = (175.0, 238.0, 238.0)
_MUD = (63.0, 42.0, 20.0)


def _box(image: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return the sums (H, W) over 3 x 3 pixels, edges mirrored."""
    padded = np.pad(image, 1, mode="reflect")
    rows = padded[:-2] + padded[1:-1] + padded[2:]
    sums: NDArray[np.int32] = rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]
    return sums


def _equalize(image: Pixels) -> NDArray[np.int32]:
    """Return a grey image (H, W) with all values used equally often: OpenCV's equalizeHist."""
    counts = np.bincount(image.ravel(), minlength=256)
    first = int(np.flatnonzero(counts)[0])
    others = image.size - counts[first]
    if others == 0:
        return image.astype(np.int32)
    counts[: first + 1] = 0
    table = np.round(np.cumsum(counts) * (255 / others)).astype(np.int32)
    equalized: NDArray[np.int32] = table[image]
    return equalized


def _emboss(image: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return the image lit from the top left, with the kernel -2 -1 0 / -1 1 1 / 0 1 2."""
    p = np.pad(image, 1, mode="reflect")
    rise = p[1:-1, 2:] - p[1:-1, :-2] + p[2:, 1:-1] - p[:-2, 1:-1] + 2 * (p[2:, 2:] - p[:-2, :-2])
    return np.clip(image + rise, 0, 255)


def create_water(drops: Floats) -> Floats:
    """Return how much water shows (H, W) in [0, 1], of drops (H, W): 0 outside, else thickness."""
    thickness = (drops * 255).astype(np.uint8)
    distance = compute_distance(compute_edges(thickness, 50, 150), 20)
    fixed = np.round(distance * 1024).astype(np.int32)  # so that sums are exact
    depth = _equalize((_box(fixed) / (9 * 1024)).astype(np.uint8))
    lit = np.round(_box(_emboss(depth)) / 9)
    water = thickness * lit.astype(np.float32)
    highest = water.max()
    return np.asarray(water / highest if highest > 0 else water, dtype=np.float32)


def _tint(colour: tuple[float, float, float], image: Pixels) -> Floats:
    return tint(colour, image.shape[2])[:, np.newaxis, np.newaxis]  # (C, 1, 1)


def compute(image: Pixels, level: Level, rng: np.random.Generator) -> Floats:
    """Spatter by ``level``.

    Mean and deviation of the field, its smoothness in pixels, the threshold, then the strength of
    water or the smoothness of mud, and whether it is mud.
    """
    mean, spread, sigma, threshold, strength, is_mud = level
    planes = create_planes(image)
    field = rng.normal(mean, spread, image.shape[:2]).astype(np.float32)
    field = blur(field[np.newaxis], sigma)[0]
    if not is_mud:
        water = create_water(np.where(field < threshold, 0, np.minimum(field, 1)))
        return create_image(planes + np.float32(strength) * water * _tint(_WATER, image))
    mud = blur((field > threshold).astype(np.float32)[np.newaxis], strength)[0]
    mud[mud < 0.8] = 0
    return create_image(planes * (1 - mud) + mud * _tint(_MUD, image))


CORRUPTION = create_published(
    name="spatter",
    label="Spatter",
    group="weather",
    suite="extra",
    summary="Drops of rain, at the higher levels mud, on the lens.",
    compute=compute,
    is_random=True,
    levels=(
        (0.65, 0.3, 4, 0.69, 0.6, 0),
        (0.65, 0.3, 3, 0.68, 0.6, 0),
        (0.65, 0.3, 2, 0.68, 0.5, 0),
        (0.65, 0.3, 1, 0.65, 1.5, 1),
        (0.67, 0.4, 1, 0.65, 1.5, 1),
    ),
    small_levels=(
        (0.62, 0.1, 0.7, 0.7, 0.5, 0),
        (0.65, 0.1, 0.8, 0.7, 0.5, 0),
        (0.65, 0.3, 1, 0.69, 0.5, 0),
        (0.65, 0.1, 0.7, 0.69, 0.6, 1),
        (0.65, 0.1, 0.5, 0.68, 0.6, 1),
    ),
    is_monotone=False,
    keeps_grey=False,
)
