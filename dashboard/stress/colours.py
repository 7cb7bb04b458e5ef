"""Colour and illumination shifts: the same scene under another light or through another camera."""

from __future__ import annotations

from functools import partial

import numpy as np

from dashboard.inference.model import Floats
from dashboard.stress.base import Corruption, Level, Pixels

# RGB to luma and two colour differences (YIQ of NTSC): turning the last two turns the hue and
# leaves the brightness.
_TO_YIQ = np.array([[0.299, 0.587, 0.114], [0.596, -0.274, -0.322], [0.211, -0.523, 0.312]])


AnyPixels = Floats | Pixels


def compute_hue(image: Pixels, level: Level, rng: np.random.Generator) -> AnyPixels:
    """Turn the hue by ``level[0]`` degrees either way; images that are not RGB are returned."""
    if image.shape[2] != 3:
        return image
    angle = np.deg2rad(level[0]) * rng.choice((-1, 1))
    cos, sin = np.cos(angle), np.sin(angle)
    turn = np.array([[1, 0, 0], [0, cos, -sin], [0, sin, cos]])
    matrix = np.linalg.inv(_TO_YIQ) @ turn @ _TO_YIQ
    turned = image.astype(np.float32) @ matrix.T.astype(np.float32)
    return np.asarray(turned + np.float32(0.01))


def compute_white_balance(image: Pixels, level: Level, rng: np.random.Generator) -> AnyPixels:
    """Make the light warmer or colder: red and blue change by a factor 1 ± ``level[0]``."""
    if image.shape[2] != 3:
        return image
    warmth = level[0] * rng.choice((-1, 1))
    factors = np.array([1 + warmth, 1, 1 - warmth], np.float32)
    return np.multiply(image, factors, dtype=np.float32)


def compute_gamma(image: Pixels, level: Level, rng: np.random.Generator) -> Pixels:
    """Darken by raising each value, white being 1, to the power ``level[0]``."""
    # The millionth keeps white, and what else is exact, from being truncated one level down.
    table: Pixels = (255 * (np.arange(256) / 255) ** level[0] + 1e-6).astype(np.uint8)
    darker: Pixels = table[image]
    return darker


def _create_grid(size: tuple[int, int]) -> tuple[Floats, Floats]:
    """Return each pixel's (y, x), (H, 1) and (1, W), from -1 to 1 between the outer edges."""
    y, x = (np.asarray((np.arange(n) + 0.5) / n * 2 - 1, dtype=np.float32) for n in size)
    return y[:, np.newaxis], x[np.newaxis]


def compute_vignette(image: Pixels, level: Level, rng: np.random.Generator) -> Floats:
    """Darken towards the corners by the cosine-fourth law.

    ``level[0]`` is the tangent of the angle at which a corner is seen: at 1 (45 degrees) it gets
    a quarter of the light.
    """
    y, x = _create_grid((image.shape[0], image.shape[1]))
    tangent_squared: Floats = np.float32(level[0] ** 2 / 2) * (y**2 + x**2)
    light: Floats = (1 + tangent_squared) ** -2  # cos^4 = 1 / (1 + tan^2)^2
    return np.multiply(image, light[..., np.newaxis], dtype=np.float32)


def compute_side_light(image: Pixels, level: Level, rng: np.random.Generator) -> Floats:
    """Let the light fall evenly from a side drawn at random, by ``level[0]`` at the other."""
    y, x = _create_grid((image.shape[0], image.shape[1]))
    angle = rng.uniform(0, 2 * np.pi)
    across = y * np.sin(angle) + x * np.cos(angle)
    reach = abs(np.sin(angle)) + abs(np.cos(angle))  # at the corner furthest from the light
    light: Floats = (1 - level[0] * (across / reach + 1) / 2).astype(np.float32)
    return np.multiply(image, light[..., np.newaxis], dtype=np.float32)


_create = partial(Corruption, group="colour", suite="ours")
HUE = _create(
    name="hue",
    label="Hue",
    summary="All colours turned around the colour circle, brightness kept.",
    source="rotation in YIQ; levels chosen here",
    compute=compute_hue,
    is_random=True,
    levels=((15,), (30,), (60,), (90,), (150,)),
    needs_colour=True,
)
WHITE_BALANCE = _create(
    name="white_balance",
    label="White balance",
    summary="A warmer or a colder light that the camera did not correct.",
    source="von Kries 1902, one factor a channel; levels chosen here",
    compute=compute_white_balance,
    is_random=True,
    levels=((0.1,), (0.2,), (0.3,), (0.4,), (0.5,)),
    needs_colour=True,
)
GAMMA = _create(
    name="gamma",
    label="Gamma",
    summary="Darker middle tones, as on a screen set up wrongly.",
    source="power law; levels chosen here",
    compute=compute_gamma,
    is_random=False,
    levels=((1.25,), (1.5,), (2,), (2.75,), (4,)),
)
VIGNETTE = _create(
    name="vignette",
    label="Vignette",
    summary="Darker towards the corners, as with a wide-angle lens.",
    source="cosine-fourth law of illumination; levels chosen here",
    compute=compute_vignette,
    is_random=False,
    levels=((0.6,), (0.9,), (1.3,), (1.8,), (2.5,)),
)
SIDE_LIGHT = _create(
    name="side_light",
    label="Light from one side",
    summary="One side lit, the other in shade.",
    source="linear fall of light; levels chosen here",
    compute=compute_side_light,
    is_random=True,
    levels=((0.3,), (0.5,), (0.7,), (0.85,), (1.0,)),
)
