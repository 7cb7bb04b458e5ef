"""Geometric shifts: the same object, turned, moved, resized, cut or stretched.

People hardly notice them; a network that never saw a turned or tiny object may. Where the picture
ends, its edge pixels go on, so that a plain background stays plain. Sign and direction are drawn.
"""

from __future__ import annotations

import math
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from dashboard.inference.model import Floats
from dashboard.stress.base import MNIST_C, Corruption, Level, Pixels
from dashboard.stress.pictures import apply_to_picture
from dashboard.stress.planes import create_image, create_planes
from dashboard.stress.sampling import warp

Matrix = NDArray[np.float64]


def _warp_about_centre(image: Pixels, inverse: Matrix) -> Floats:
    """Return the image (H, W, C) under the inverse of a 2 x 2 map that keeps the centre."""
    centre = np.array([(image.shape[1] - 1) / 2, (image.shape[0] - 1) / 2])  # (x, y)
    offset = centre - inverse @ centre
    full = np.column_stack([inverse, offset])
    # 0.01 of a grey level: what is not moved must not be truncated one level down.
    return create_image(warp(create_planes(image), full, "edge") + np.float32(0.01))


def compute_rotation(image: Pixels, level: Level, rng: np.random.Generator) -> Floats:
    """Turn by ``level[0]`` radians, to the left or to the right."""
    angle = level[0] * rng.choice((-1, 1))
    cos, sin = math.cos(angle), math.sin(angle)
    return _warp_about_centre(image, np.array([[cos, -sin], [sin, cos]]))


def compute_translation(image: Pixels, level: Level, rng: np.random.Generator) -> Pixels:
    """Move by ``level[0]`` of each side, whole pixels, left or right and up or down."""
    signs = rng.choice((-1, 1), 2)
    rows, columns = (
        np.clip(np.arange(side) - sign * round(level[0] * side), 0, side - 1)
        for side, sign in zip(image.shape[:2], signs, strict=True)
    )
    moved: Pixels = image[rows[:, np.newaxis], columns]
    return moved


def compute_scale(image: Pixels, level: Level, rng: np.random.Generator) -> Floats:
    """Shrink the picture about its centre to a share ``level[0]`` of its size."""
    return _warp_about_centre(image, np.eye(2) / level[0])


def compute_aspect(image: Pixels, level: Level, rng: np.random.Generator) -> Floats:
    """Squeeze either the width or the height to a share ``level[0]``."""
    inverse = np.eye(2)
    side = rng.integers(2)
    inverse[side, side] /= level[0]
    return _warp_about_centre(image, inverse)


def compute_shear(image: Pixels, level: Level, rng: np.random.Generator) -> Floats:
    """Slant by ``level[0]`` pixels a row, to the left or to the right."""
    slant = level[0] * rng.choice((-1, 1))
    return _warp_about_centre(image, np.array([[1.0, slant], [0.0, 1.0]]))


def compute_crop(image: Pixels, level: Level, rng: np.random.Generator) -> Pixels:
    """Cut out a window of a share ``level[0]`` of each side, anywhere, and enlarge it."""
    height, width, _ = image.shape
    left, top = rng.random(2) * (1 - level[0]) * (width, height)
    box = (left, top, left + level[0] * width, top + level[0] * height)

    def enlarge(picture: Image.Image) -> Image.Image:
        return picture.resize((width, height), Image.Resampling.BILINEAR, box)

    return apply_to_picture(image, enlarge)


_SHARES: tuple[Level, ...] = ((0.9,), (0.8,), (0.7,), (0.6,), (0.5,))
_SLANTS: tuple[Level, ...] = ((0.2,), (0.4,), (0.6,), (0.8,), (1.0,))

_create = partial(Corruption, group="geometric", suite="ours")
ROTATION = _create(
    name="rotation",
    label="Rotation",
    summary="Turned about the centre, by 11 to 57 degrees.",
    source=MNIST_C,
    compute=compute_rotation,
    is_random=True,
    levels=_SLANTS,
)
TRANSLATION = _create(
    name="translation",
    label="Translation",
    summary="Moved to one side, by up to a sixth of the picture.",
    source=MNIST_C,
    compute=compute_translation,
    is_random=True,
    levels=tuple((k / 28,) for k in range(1, 6)),
)
SCALE = _create(
    name="scale",
    label="Smaller object",
    summary="The picture shrunk to between 90 and 50 % of its size.",
    source=MNIST_C,
    compute=compute_scale,
    is_random=False,
    levels=_SHARES,
)
SHEAR = _create(
    name="shear",
    label="Shear",
    summary="Slanted to one side, as in italic type.",
    source=MNIST_C,
    compute=compute_shear,
    is_random=True,
    levels=_SLANTS,
)
ASPECT = _create(
    name="aspect",
    label="Aspect ratio",
    summary="Squeezed in width or in height, as by a careless resize.",
    source="levels chosen here, as those of scale",
    compute=compute_aspect,
    is_random=True,
    levels=_SHARES,
)
CROP = _create(
    name="crop",
    label="Crop",
    summary="A part of the picture, cut out somewhere and enlarged.",
    source="levels chosen here, as those of scale",
    compute=compute_crop,
    is_random=True,
    levels=_SHARES,
)
