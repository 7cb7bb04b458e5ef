"""From a photo to what a network sees, as its card says, and back."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from dashboard.inference.cards import Card
from dashboard.inference.model import Floats

Pixels = NDArray[np.uint8]

_RESAMPLING = {
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}


def crop_view(pixels: Pixels, card: Card) -> Pixels:
    """Return the part of a photo that the network sees, at the network's resolution.

    ``pixels`` (H, W, 3) becomes (size, size, 3): the largest centred square, resized with an
    antialiased filter. A network of one channel sees, and this shows, the luminance.
    """
    height, width = pixels.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = Image.fromarray(np.ascontiguousarray(pixels[top : top + side, left : left + side]))
    if card.input.channels == 1:
        square = square.convert("L").convert("RGB")
    size = (card.input.size, card.input.size)
    return np.asarray(square.resize(size, _RESAMPLING[card.preprocessing.interpolation]))


def preprocess(pixels: Pixels, card: Card) -> Floats:
    """Return the network's input (1, C, size, size) for a photo (H, W, 3)."""
    return normalize(crop_view(pixels, card)[np.newaxis], card)


def normalize(views: Pixels, card: Card) -> Floats:
    """Return network values (N, C, H, W) of views (N, H, W, 3): (pixel - mean) / std."""
    mean, std = _get_statistics(card)
    channels_first = views[..., : card.input.channels].transpose(0, 3, 1, 2)  # (N, C, H, W)
    return np.ascontiguousarray((channels_first.astype(np.float32) - mean) / std)


def to_pixels(inputs: Floats, limits: tuple[Floats, Floats]) -> Pixels:
    """Return the picture (N, H, W, 3) of network values (N, C, H, W), rounded and clipped.

    ``limits`` are the values of black and of white, each (C, 1, 1): a network's ``input_range``.
    """
    black, white = limits
    values = np.clip(np.rint(255 * (inputs - black) / (white - black)), 0, 255).astype(np.uint8)
    if values.shape[1] == 1:
        values = np.repeat(values, 3, axis=1)
    return np.ascontiguousarray(values.transpose(0, 2, 3, 1))  # (N, H, W, 3)


def compute_input_range(card: Card) -> tuple[Floats, Floats]:
    """Return the network values of black and of white, each (C, 1, 1)."""
    mean, std = _get_statistics(card)
    return (0.0 - mean) / std, (255.0 - mean) / std


def _get_statistics(card: Card) -> tuple[Floats, Floats]:
    # (C, 1, 1) each, to broadcast over (N, C, H, W)
    mean = np.asarray(card.preprocessing.mean, dtype=np.float32)[:, np.newaxis, np.newaxis]
    std = np.asarray(card.preprocessing.std, dtype=np.float32)[:, np.newaxis, np.newaxis]
    return mean, std
