"""One image as planes: float32 (C, H, W), whose rows lie together in memory, and back.

Filters run along rows and columns; with the channels apart both are plain matrix products.
"""

from __future__ import annotations

import numpy as np

from dashboard.inference.model import Floats
from dashboard.stress.base import Pixels

# Luma of ITU-R BT.601, as OpenCV's RGB2GRAY
_LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)


def create_planes(image: Pixels) -> Floats:
    """Return (C, H, W) float32 in [0, 255] of an image (H, W, C)."""
    return np.ascontiguousarray(image.transpose(2, 0, 1), dtype=np.float32)


def create_image(planes: Floats) -> Floats:
    """Return planes (C, H, W) as a view (H, W, C)."""
    return planes.transpose(1, 2, 0)


def compute_luma(image: Floats) -> Floats:
    """Return the brightness (H, W, 1) of an image (H, W, C); the channels' mean if C is not 3."""
    if image.shape[2] != len(_LUMA):
        mean: Floats = image.mean(axis=2, keepdims=True)
        return mean
    luma: Floats = (image @ _LUMA)[..., np.newaxis]
    return luma


def tint(colour: tuple[float, float, float], n_channels: int) -> Floats:
    """Return a colour's channels (C,): as given if C is 3, else its brightness in each."""
    values = np.array(colour, dtype=np.float32)
    return values if n_channels == 3 else np.full(n_channels, values @ _LUMA, np.float32)
