"""Elastic transform: the picture is bent like a rubber sheet.

First a random affine map, then a smooth random displacement of every pixel. The published table
changes its character on the way: levels 1 and 2 shift and shear the whole picture, levels 3 to 5
ripple it locally, so a higher level is not always further from the original, pixel by pixel.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dashboard.inference.model import Doubles, Floats
from dashboard.stress.base import Level, Pixels, create_published
from dashboard.stress.planes import create_image, create_planes
from dashboard.stress.sampling import create_grid, sample, warp

# The published code computes with 244 px where its images have 224.
_SLIP = 244 / 224


def create_affine(size: tuple[int, int], spread: float, rng: np.random.Generator) -> Doubles:
    """Return the inverse (2, 3) of an affine map that moves 3 points by up to ``spread`` px."""
    middle = np.array(size, dtype=np.float32) // 2
    arm = max(min(size) // 3, 1)
    points = np.array([middle + arm, [middle[0] + arm, middle[1] - arm], middle - arm])
    moved = points + rng.uniform(-spread, spread, points.shape)
    # inverse @ (moved x, moved y, 1) = (x, y), for all three points
    homogeneous = np.column_stack([moved, np.ones(3)])
    inverse: Doubles = np.linalg.solve(homogeneous, points).T
    return inverse


def create_displacement(size: tuple[int, int], sigma: float, rng: np.random.Generator) -> Floats:
    """Return a field (H, W) of uniform values in [-1, 1], blurred by ``sigma`` px, mirrored edges.

    A mirrored signal is a sum of cosines, and blurring scales each cosine: so the blur's cost does
    not grow with ``sigma``, which exceeds the picture at level 1.
    """
    from scipy import fft

    field = rng.uniform(-1, 1, size).astype(np.float32)
    radius = int(3 * sigma + 0.5)  # the Gaussian is cut at 3 sigma
    if radius == 0:
        return field
    offsets = np.arange(-radius, radius + 1)
    weights = np.exp(-0.5 * (offsets / sigma) ** 2)
    weights /= weights.sum()
    gains = [_compute_gains(weights, offsets, length) for length in size]
    cosines = fft.dctn(field) * gains[0][:, np.newaxis] * gains[1]
    blurred: Floats = fft.idctn(cosines)
    return blurred


def _compute_gains(weights: Doubles, offsets: NDArray[np.int_], length: int) -> Floats:
    # A cosine of this length repeats after 2 * length, so the weights may be folded onto that.
    folded = np.bincount(offsets % (2 * length), weights, 2 * length)
    gains: Floats = np.fft.fft(folded).real[:length].astype(np.float32)
    return gains


def compute(image: Pixels, level: Level, rng: np.random.Generator) -> Floats:
    """Bend by ``level``: displacement, its smoothness, the affine part, in sides of the picture."""
    size = image.shape[0], image.shape[1]
    amount, sigma, spread = (part * min(size) for part in level)
    inverse = create_affine(size, spread, rng)
    planes = warp(create_planes(image), inverse, "mirror_101")
    rows, columns = create_grid(*size)
    columns += amount * create_displacement(size, sigma, rng)
    rows += amount * create_displacement(size, sigma, rng)
    return create_image(sample(planes, rows, columns, "mirror") + np.float32(1e-3))


def _scale(*levels: Level) -> tuple[Level, ...]:
    return tuple(tuple(part * _SLIP for part in level) for level in levels)


CORRUPTION = create_published(
    name="elastic_transform",
    label="Elastic transform",
    group="digital",
    summary="Bent like a rubber sheet: as a whole at levels 1 and 2, in ripples above.",
    compute=compute,
    is_random=True,
    levels=_scale(
        (2, 0.7, 0.1), (2, 0.08, 0.2), (0.05, 0.01, 0.02), (0.07, 0.01, 0.02), (0.12, 0.01, 0.02)
    ),
    small_levels=(
        (0, 0, 0.08),
        (0.05, 0.2, 0.07),
        (0.08, 0.06, 0.06),
        (0.1, 0.04, 0.05),
        (0.1, 0.03, 0.03),
    ),
    is_monotone=False,
)
