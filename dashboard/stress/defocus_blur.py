"""Defocus blur: each point of light becomes a disc, as with a lens that is out of focus.

Unlike a Gaussian, the disc has a sharp rim, so that some fine patterns survive or even turn over.
"""

from __future__ import annotations

import numpy as np

from dashboard.inference.model import Floats
from dashboard.stress.base import Level, Pixels, create_published
from dashboard.stress.convolution import correlate
from dashboard.stress.planes import create_image, create_planes


def create_disc(radius: float, softness: float) -> Floats:
    """Return the kernel (odd, odd): a disc of ``radius`` pixels, its rim softened a little.

    ``softness`` is the Gaussian's standard deviation; it has 3 taps (5 for radii above 8), and the
    kernel's outermost rows are mirrored under it, as in the reference.
    """
    reach = max(8, int(radius))
    offsets = np.arange(-reach, reach + 1)
    disc = (offsets**2 + offsets[:, np.newaxis] ** 2 <= radius**2).astype(np.float32)
    disc /= disc.sum()
    n_taps = 1 if radius <= 8 else 2
    taps = np.exp(-0.5 * (np.arange(-n_taps, n_taps + 1) / softness) ** 2)
    taps /= taps.sum()
    for axis in (0, 1):
        padded = np.pad(
            disc, [(n_taps, n_taps) if a == axis else (0, 0) for a in (0, 1)], "reflect"
        )
        parts = [
            weight * np.take(padded, range(k, k + len(disc)), axis) for k, weight in enumerate(taps)
        ]
        disc = np.sum(parts, axis=0).astype(np.float32)
    return disc


def compute(image: Pixels, level: Level, rng: np.random.Generator) -> Floats:
    """Spread each pixel over a disc of radius ``level[0]``, softened by ``level[1]`` pixels."""
    # 0.01 of a grey level keeps float32's rounding from truncating flat areas one level down.
    return create_image(correlate(create_planes(image), create_disc(level[0], level[1])) + 0.01)


CORRUPTION = create_published(
    name="defocus_blur",
    label="Defocus blur",
    group="blur",
    summary="Points become discs, as through a lens out of focus.",
    compute=compute,
    is_random=False,
    levels=((3, 0.1), (4, 0.5), (6, 0.5), (8, 0.5), (10, 0.5)),
    small_levels=((0.3, 0.4), (0.4, 0.5), (0.5, 0.6), (1, 0.2), (1.5, 0.1)),
)
