"""Motion blur: the picture is smeared along one direction, as when the camera moves.

The smear is one-sided (half a Gaussian), as ImageMagick's, which made the published data; the
direction is drawn within 45 degrees of the horizontal.
"""

from __future__ import annotations

import math

import numpy as np

from dashboard.inference.model import Floats
from dashboard.stress.base import Level, Pixels, create_published
from dashboard.stress.planes import create_image, create_planes


def smear(planes: Floats, radius: int, sigma: float, angle: float) -> Floats:
    """Return planes (C, H, W) smeared over 2 ``radius`` + 1 pixels along ``angle`` degrees.

    Weights fall as a Gaussian of ``sigma`` pixels from the place itself; edges are repeated.
    """
    distances = np.arange(2 * radius + 1)
    weights = np.exp(-0.5 * (distances / sigma) ** 2)
    weights /= weights.sum()
    turn = math.radians(angle)
    # The shift by (dy, dx) shows at (y, x) what stands at (y - dy, x - dx).
    dys = [math.ceil(k * math.sin(turn) - 0.5) for k in distances]
    dxs = [math.ceil(k * math.cos(turn) - 0.5) for k in distances]
    top, left = -min(dys), -min(dxs)
    pads = ((0, 0), (top, max(dys)), (left, max(dxs)))
    padded = np.pad(planes, pads, mode="edge")
    height, width = planes.shape[1:]
    total, part = np.zeros_like(planes), np.empty_like(planes)
    for dy, dx, weight in zip(dys, dxs, weights, strict=True):
        y, x = top + dy, left + dx
        np.multiply(padded[:, y : y + height, x : x + width], np.float32(weight), out=part)
        total += part
    return total


def compute(image: Pixels, level: Level, rng: np.random.Generator) -> Floats:
    """Smear over 2 ``level[0]`` + 1 pixels with a standard deviation of ``level[1]`` pixels."""
    angle = rng.uniform(-45, 45)
    return create_image(smear(create_planes(image), int(level[0]), level[1], angle) + 1e-3)


CORRUPTION = create_published(
    name="motion_blur",
    label="Motion blur",
    group="blur",
    summary="Smeared along one direction, as by a moving camera.",
    compute=compute,
    is_random=True,
    levels=((10, 3), (15, 5), (15, 8), (15, 12), (20, 15)),
    small_levels=((6, 1), (6, 1.5), (6, 2), (8, 2), (9, 2.5)),
)
