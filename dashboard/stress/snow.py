"""Snow: bright flakes streaked by the wind, over a scene that is paler than before.

Flakes are enlarged random grains above a threshold, smeared along a falling direction; the same
layer turned half round is added as well. Level 3 has larger but fewer flakes than level 2, so a
higher level is not always further from the original.
"""

from __future__ import annotations

import numpy as np

from dashboard.inference.model import Floats
from dashboard.stress.base import Level, Pixels, create_published
from dashboard.stress.motion_blur import smear
from dashboard.stress.planes import compute_luma
from dashboard.stress.zoom_blur import enlarge


def create_flakes(size: tuple[int, int], level: Level, rng: np.random.Generator) -> Floats:
    """Return the layer of flakes (H, W) in [0, 1].

    ``level`` is the grains' mean and standard deviation, their enlargement, the threshold, and the
    smear's radius and standard deviation in pixels.
    """
    mean, spread, factor, threshold, radius, sigma = level[:6]
    grains = rng.normal(mean, spread, size).astype(np.float32)
    flakes = enlarge(grains[np.newaxis], factor)
    flakes[flakes < threshold] = 0
    flakes = smear(np.minimum(flakes, 1), int(radius), sigma, rng.uniform(-135, -45))
    whole: Floats = np.round(flakes[0] * 255) / np.float32(255)
    return whole


def compute(image: Pixels, level: Level, rng: np.random.Generator) -> Floats:
    """Pale the scene, keeping a share ``level[6]`` of it, and add the flakes of ``level[:6]``."""
    flakes = create_flakes((image.shape[0], image.shape[1]), level, rng)
    flakes = flakes + np.rot90(flakes, 2)
    scene = image.astype(np.float32)
    pale = np.maximum(scene, compute_luma(scene) * 1.5 + 127.5)
    keep = np.float32(level[6])
    snowed: Floats = keep * scene + (1 - keep) * pale + 255 * flakes[..., np.newaxis]
    return snowed


CORRUPTION = create_published(
    name="snow",
    label="Snow",
    group="weather",
    summary="Falling flakes, streaked by the wind, and a paler scene.",
    compute=compute,
    is_random=True,
    levels=(
        (0.1, 0.3, 3, 0.5, 10, 4, 0.8),
        (0.2, 0.3, 2, 0.5, 12, 4, 0.7),
        (0.55, 0.3, 4, 0.9, 12, 8, 0.7),
        (0.55, 0.3, 4.5, 0.85, 12, 8, 0.65),
        (0.55, 0.3, 2.5, 0.85, 12, 12, 0.55),
    ),
    small_levels=(
        (0.1, 0.2, 1, 0.6, 8, 3, 0.95),
        (0.1, 0.2, 1, 0.5, 10, 4, 0.9),
        (0.15, 0.3, 1.75, 0.55, 10, 4, 0.9),
        (0.25, 0.3, 2.25, 0.6, 12, 6, 0.85),
        (0.3, 0.3, 1.25, 0.65, 14, 12, 0.8),
    ),
    is_monotone=False,
)
