"""Contrast: every channel is drawn towards its mean, as in haze or a faded print."""

from __future__ import annotations

import numpy as np

from dashboard.stress.base import Level, Pixels, create_published


def compute(image: Pixels, level: Level, rng: np.random.Generator) -> Pixels:
    """Keep a share ``level[0]`` of each value's distance from the mean of its channel."""
    means = image.mean(axis=(0, 1))  # (C,)
    # One table a channel: there are only 256 values to compute.
    tables = np.clip(
        (np.arange(256) - means[:, np.newaxis]) * level[0] + means[:, np.newaxis], 0, 255
    )
    tables = tables.astype(np.uint8)  # (C, 256)
    faded = np.empty_like(image)
    for channel, table in enumerate(tables):
        faded[..., channel] = table[image[..., channel]]
    return faded


CORRUPTION = create_published(
    name="contrast",
    label="Contrast",
    group="digital",
    summary="Light and dark drawn together, as in haze or a faded print.",
    compute=compute,
    is_random=False,
    levels=((0.4,), (0.3,), (0.2,), (0.1,), (0.05,)),
    small_levels=((0.75,), (0.5,), (0.4,), (0.3,), (0.15,)),
)
