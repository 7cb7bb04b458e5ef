"""Noise of the sensor, drawn for every pixel and channel on its own.

Gaussian noise adds the same spread everywhere, as in poor light. Shot noise is that of counted
photons: bright places vary more. Impulse noise turns single values black or white, as broken
pixels or bits do. Speckle noise grows with the brightness, as in radar and ultrasound.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from dashboard.inference.model import Floats
from dashboard.stress.base import Level, Pixels, create_published


def _add(image: Pixels, noise: Floats, spread: float) -> Floats:
    noise *= 255 * spread
    noise += image
    return noise


def compute_gaussian(image: Pixels, level: Level, rng: np.random.Generator) -> Floats:
    """Add a normal value of standard deviation ``level[0]``, where white is 1."""
    return _add(image, rng.standard_normal(image.shape).astype(np.float32), level[0])


def compute_shot(image: Pixels, level: Level, rng: np.random.Generator) -> Floats:
    """Replace each value by a Poisson count; white is ``level[0]`` photons on average."""
    expected = (np.arange(256) / 255.0 * level[0])[image]
    return rng.poisson(expected).astype(np.float32) * np.float32(255 / level[0])


def compute_impulse(image: Pixels, level: Level, rng: np.random.Generator) -> Pixels:
    """Turn a share ``level[0]`` of all values black or white, half each."""
    lot = rng.random(image.shape, dtype=np.float32)
    hit = np.where(lot < level[0], np.uint8(0), image)
    hit[lot < level[0] / 2] = 255
    return hit


def compute_speckle(image: Pixels, level: Level, rng: np.random.Generator) -> Floats:
    """Add a normal value of standard deviation ``level[0]`` times the pixel's own value."""
    noise = rng.standard_normal(image.shape).astype(np.float32)
    noise *= level[0]
    noise += 1
    noise *= image
    return noise


_create = partial(create_published, group="noise", is_random=True, keeps_grey=False)
GAUSSIAN = _create(
    name="gaussian_noise",
    label="Gaussian noise",
    summary="Grain of equal strength everywhere, as in low light.",
    compute=compute_gaussian,
    levels=((0.08,), (0.12,), (0.18,), (0.26,), (0.38,)),
    small_levels=((0.04,), (0.06,), (0.08,), (0.09,), (0.10,)),
)
SHOT = _create(
    name="shot_noise",
    label="Shot noise",
    summary="Grain of counted photons: the fewer there are, the rougher the picture.",
    compute=compute_shot,
    levels=((60,), (25,), (12,), (5,), (3,)),
    small_levels=((500,), (250,), (100,), (75,), (50,)),
)
IMPULSE = _create(
    name="impulse_noise",
    label="Impulse noise",
    summary="Single values turned fully on or off, as by bit errors.",
    compute=compute_impulse,
    levels=((0.03,), (0.06,), (0.09,), (0.17,), (0.27,)),
    small_levels=((0.01,), (0.02,), (0.03,), (0.05,), (0.07,)),
)
SPECKLE = _create(
    name="speckle_noise",
    label="Speckle noise",
    suite="extra",
    summary="Grain that grows with the brightness of the place.",
    compute=compute_speckle,
    levels=((0.15,), (0.2,), (0.35,), (0.45,), (0.6,)),
    small_levels=((0.06,), (0.1,), (0.12,), (0.16,), (0.2,)),
)
