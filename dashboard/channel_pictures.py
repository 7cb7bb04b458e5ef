"""Layers -> pictures: tiles of activation maps, of kernels, and a picture as a data URL."""

from __future__ import annotations

import base64
from collections.abc import Sequence

import numpy as np
from PIL import Image

from dashboard.inference.model import Floats
from dashboard.overlays import Bytes, Scale, encode_png, render_heat

COLUMNS = 6
MAX_TILE = 56  # pixels: finer maps are averaged, or a layer's picture would weigh a megabyte
PATCH = 112  # pixels a side of a patch as it is shown


def encode_url(image: Bytes) -> str:
    """Return a picture (H, W), (H, W, 3) or (H, W, 4) as a data URL."""
    return "data:image/png;base64," + base64.b64encode(encode_png(image)).decode()


def tile_maps(maps: Floats) -> Bytes:
    """Return maps (n, H, W) as one picture, ``COLUMNS`` a row, each in its own scale from 0 up."""
    factor = -(-maps.shape[1] // MAX_TILE)
    side = maps.shape[1] // factor
    cut = maps[:, : side * factor, : side * factor]
    small = cut.reshape(len(maps), side, factor, side, factor).mean(axis=(2, 4))
    tiles = [_render(each) for each in small]
    return _lay_out(tiles)


def _render(heat: Floats) -> Bytes:
    low, high = min(0.0, float(heat.min())), float(heat.max())
    return render_heat(heat, Scale(low, high if high > low else low + 1), False, False)[..., :3]


def tile_kernels(kernels: Floats) -> Bytes:
    """Return kernels (n, C, k, k) as one picture: grey is 0, each in its own scale."""
    top = np.abs(kernels).max(axis=(1, 2, 3), keepdims=True)
    shown = np.rint(127.5 + 127.5 * kernels / np.where(top > 0, top, 1)).astype(np.uint8)
    if shown.shape[1] != 3:
        shown = np.repeat(shown[:, :1], 3, axis=1)
    return _lay_out(list(shown.transpose(0, 2, 3, 1)))


def _lay_out(tiles: Sequence[Bytes]) -> Bytes:
    side = tiles[0].shape[0]
    rows = -(-len(tiles) // COLUMNS)
    sheet = np.zeros((rows * side, COLUMNS * side, 3), np.uint8)
    for index, tile in enumerate(tiles):
        y, x = divmod(index, COLUMNS)
        sheet[y * side : (y + 1) * side, x * side : (x + 1) * side] = tile
    return sheet


def resize_patch(pixels: Bytes) -> Bytes:
    """Return a patch (h, w, 3) at the size that it is shown in; small ones keep their pixels."""
    is_small = max(pixels.shape[:2]) < PATCH
    method = Image.Resampling.NEAREST if is_small else Image.Resampling.BICUBIC
    return np.asarray(Image.fromarray(np.ascontiguousarray(pixels)).resize((PATCH, PATCH), method))
