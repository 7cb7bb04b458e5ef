"""Fog: drifts of a paler veil, darkened afterwards so that nothing is brighter than before.

The drifts are a random landscape made by the diamond-square algorithm: midpoints of squares, then
of diamonds, get the mean of their corners and a random push that shrinks with every halving.
"""

from __future__ import annotations

import numpy as np

from dashboard.inference.model import Doubles, Floats
from dashboard.stress.base import Level, Pixels, create_published

_FIRST_PUSH = 100.0


def create_landscape(side: int, decay: float, rng: np.random.Generator) -> Doubles:
    """Return heights (side, side) in [0, 1] that wrap round; ``side`` is a power of two.

    Each halving divides the push by ``decay``: the smaller it is, the rougher the landscape.
    """
    heights = np.zeros((side, side))
    step, push = side, _FIRST_PUSH
    while step >= 2:
        half, size = step // 2, (side // step, side // step)
        corners = heights[::step, ::step]
        down, right = np.roll(corners, -1, 0), np.roll(corners, -1, 1)
        pushes = (push * rng.uniform(-push, push, size) for _ in range(3))
        middles = (corners + down + right + np.roll(down, -1, 1)) / 4 + next(pushes)
        heights[half::step, half::step] = middles
        upper = (middles + np.roll(middles, 1, 0) + corners + right) / 4
        heights[::step, half::step] = upper + next(pushes)
        left = (middles + np.roll(middles, 1, 1) + corners + down) / 4
        heights[half::step, ::step] = left + next(pushes)
        step, push = half, push / decay
    heights -= heights.min()
    highest = heights.max()
    return heights / highest if highest > 0 else heights


def compute(image: Pixels, level: Level, rng: np.random.Generator) -> Floats:
    """Add up to ``level[0]`` whites of fog whose roughness falls with ``level[1]``."""
    height, width, _ = image.shape
    side = 1 << (max(height, width) - 1).bit_length()
    fog = create_landscape(side, level[1], rng)[:height, :width].astype(np.float32)
    brightest = float(image.max()) / 255
    # What was brightest stays so: the sum is scaled back by how much it may have grown.
    scale = brightest / (brightest + level[0])
    fogged: Floats = (
        image * np.float32(scale) + (fog * np.float32(255 * level[0] * scale))[..., None]
    )
    return fogged


CORRUPTION = create_published(
    name="fog",
    label="Fog",
    group="weather",
    summary="Drifts of a pale veil that take away contrast.",
    compute=compute,
    is_random=True,
    levels=((1.5, 2), (2.0, 2), (2.5, 1.7), (2.5, 1.5), (3.0, 1.4)),
    small_levels=((0.2, 3), (0.5, 3), (0.75, 2.5), (1, 2), (1.5, 1.75)),
)
