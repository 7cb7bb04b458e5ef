"""From any of Pillow's pixel modes to 8-bit RGB, without losing what the picture shows."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from PIL import Image

DEEP_MODES = frozenset({"I;16", "I;16L", "I;16B", "I;16N", "I", "F"})
_PLAIN_MODES = {"1", "L", "LA", "La", "P", "PA"}
_COLOUR_MODES = {"RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr"}
MODES = DEEP_MODES | _PLAIN_MODES | _COLOUR_MODES

_WITHOUT_PREMULTIPLIED_ALPHA = {"La": "LA", "RGBa": "RGBA"}

Range = tuple[float, float]


def find_range(strips: Iterable[Image.Image]) -> Range:
    """Return the values that are black and white in the strips of a grey picture above 8 bits.

    16-bit files mean 0 to 65535. Files of 32 bits say nothing: the smallest usual range that holds
    all their (finite) values is taken, else the values' own.
    """
    low, high, is_float = math.inf, -math.inf, False
    for strip in strips:
        if strip.mode.startswith("I;16"):
            return 0.0, 65535.0
        is_float = strip.mode == "F"
        values = np.asarray(strip)
        values = values[np.isfinite(values)]
        if values.size:
            low, high = min(low, float(values.min())), max(high, float(values.max()))
    if low > high:  # nothing finite
        return 0.0, 1.0
    usual = (1.0, 255.0, 65535.0) if is_float else (255.0, 65535.0)
    fitting = [white for white in usual if low >= 0 and high <= white]
    return (0.0, fitting[0]) if fitting else (low, high)


def to_rgb(image: Image.Image, deep_range: Range) -> Image.Image:
    """Return ``image`` (any of ``MODES``) as RGB; transparency is laid on white.

    ``deep_range`` are black and white of a picture in one of ``DEEP_MODES`` (``find_range``).
    """
    if image.mode in DEEP_MODES:
        return _to_8_bit(image, deep_range).convert("RGB")
    if image.mode in _WITHOUT_PREMULTIPLIED_ALPHA:
        image = image.convert(_WITHOUT_PREMULTIPLIED_ALPHA[image.mode])
    if image.has_transparency_data:
        white = Image.new("RGBA", image.size, "white")
        white.alpha_composite(image.convert("RGBA"))
        return white.convert("RGB")
    return image.convert("RGB")


def is_see_through(image: Image.Image) -> bool:
    """Return whether some of the picture is (or, for a palette, may be) transparent."""
    if image.mode in ("RGBA", "LA", "RGBa", "La"):
        lowest_alpha = image.getextrema()[-1][0]  # type: ignore[index] # a pair for each band
        return lowest_alpha < 255
    return image.mode not in DEEP_MODES and image.has_transparency_data


def _to_8_bit(image: Image.Image, deep_range: Range) -> Image.Image:
    low, high = deep_range
    scale = 255.0 / (high - low) if high > low else 0.0
    # float32 holds every 16-bit value exactly.
    values = np.nan_to_num(np.asarray(image).astype(np.float32), nan=low, posinf=high, neginf=low)
    grey = np.clip(np.rint((values - np.float32(low)) * np.float32(scale)), 0, 255)
    return Image.fromarray(grey.astype(np.uint8))
