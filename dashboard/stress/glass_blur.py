"""Glass blur: pixels are moved about within a small neighbourhood, as behind frosted glass.

A light blur comes first and last. The published code means to swap neighbouring pixels, but on
colour images its swap copies (the pair is assigned through views), and the data sets were made so.
Here, too, each pixel takes over its neighbour's value. The copies run one after the other, from
the bottom right to the top left, and a copied value may be copied again. Instead of walking, the
chain of copies of every pixel is followed to its origin, all at once, by doubling the steps.
Levels 2 and 4 have fewer rounds than 1 and 3, so a higher level is not always further away.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dashboard.inference.model import Floats
from dashboard.stress.base import Level, Pixels, create_published
from dashboard.stress.convolution import blur
from dashboard.stress.planes import create_image, create_planes


def compute_origins(
    height: int, width: int, reach: int, rng: np.random.Generator
) -> NDArray[np.intp]:
    """Return, for each pixel (H * W,), the flat index of the pixel whose value it ends up with.

    One walk over all pixels at least ``reach`` from the edges; each copies from a place up to
    ``reach`` left or up, ``reach`` - 1 right or down.
    """
    place = np.arange(height * width)
    # In the order of the walk, so that draws (dx, dy) fall where the reference's fall.
    rows, columns = np.arange(height - reach, reach, -1), np.arange(width - reach, reach, -1)
    walked = (rows[:, np.newaxis] * width + columns).ravel()
    steps = rng.integers(-reach, reach, size=(len(walked), 2))
    source = place.copy()
    source[walked] += steps[:, 1] * width + steps[:, 0]
    # A source that was walked before (it lies further on) holds its own copy by then: follow it.
    # One that is walked later still holds its original value: the chain ends there.
    is_walked = np.zeros(height * width, bool)
    is_walked[walked] = True
    follows = is_walked[source] & (source > place)
    step = np.where(follows, source, place)
    while True:
        further = step[step]
        if np.array_equal(further, step):
            break
        step = further
    return source[step]


def compute(image: Pixels, level: Level, rng: np.random.Generator) -> Floats:
    """Blur by ``level[0]`` pixels, displace by ``level[1]`` at most, ``level[2]`` times, blur."""
    sigma, reach, n_walks = level[0], int(level[1]), int(level[2])
    height, width, n_channels = image.shape
    planes = np.floor(blur(create_planes(image), sigma) + 1e-3)
    for _ in range(n_walks):
        origins = compute_origins(height, width, reach, rng)
        planes = planes.reshape(n_channels, -1).take(origins, axis=1)
    return create_image(blur(planes.reshape(n_channels, height, width), sigma))


CORRUPTION = create_published(
    name="glass_blur",
    label="Glass blur",
    group="blur",
    summary="Pixels trade places with their neighbours, as behind frosted glass.",
    compute=compute,
    is_random=True,
    levels=((0.7, 1, 2), (0.9, 2, 1), (1, 2, 3), (1.1, 3, 2), (1.5, 4, 2)),
    small_levels=((0.05, 1, 1), (0.25, 1, 1), (0.4, 1, 1), (0.25, 1, 2), (0.4, 1, 2)),
    is_monotone=False,
)
