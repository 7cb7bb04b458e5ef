"""Edges, and the distance to them, as OpenCV computes them: what the water of ``spatter`` needs.

Canny 1986, "A computational approach to edge detection", and Borgefors 1986, "Distance
transformations in digital images" (the 5 x 5 chamfer weights 1, 1.4, 2.1969 are OpenCV's).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from dashboard.inference.model import Floats
from dashboard.stress.base import Pixels

Mask = NDArray[np.bool_]

_TAN_22 = np.tan(np.pi / 8)
_FAR = 21  # in a column; distances are cut at 20
_PARTS = 1024  # of a pixel: distances of up to 30 pixels fit into int16


def compute_edges(image: Pixels, low: int, high: int) -> Mask:
    """Return the edges (H, W) of a grey image (H, W) by Canny's method.

    Gradients are Sobel's, their size |gx| + |gy|. A pixel is an edge if its gradient is a ridge
    above ``low`` and hangs together with a ridge above ``high``.
    """
    from scipy.ndimage import label

    gx, gy = _compute_sobel(image)
    size = np.abs(gx) + np.abs(gy)
    ridges = _find_ridges(gx, gy, size, low)
    groups, _ = label(ridges, np.ones((3, 3)))
    is_strong = np.zeros(int(groups.max()) + 1, bool)
    is_strong[groups[ridges & (size > high)]] = True
    is_strong[0] = False
    edges: Mask = is_strong[groups]
    return edges


def _compute_sobel(image: Pixels) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
    padded = np.pad(image, 1, mode="edge").astype(np.int16)
    down = padded[:-2] + 2 * padded[1:-1] + padded[2:]  # (H, W + 2)
    across = padded[:, :-2] + 2 * padded[:, 1:-1] + padded[:, 2:]  # (H + 2, W)
    return down[:, 2:] - down[:, :-2], across[2:] - across[:-2]


def _find_ridges(
    gx: NDArray[np.int16], gy: NDArray[np.int16], size: NDArray[np.int16], low: int
) -> Mask:
    """Return where the gradient's size is a maximum (H, W) along its own direction, above low."""
    padded = np.pad(size, 1)
    rows, columns = np.nonzero(size > low)
    here = size[rows, columns]
    x, y = gx[rows, columns].astype(np.int32), gy[rows, columns].astype(np.int32)
    is_level = np.abs(y) < np.abs(x) * _TAN_22
    is_steep = ~is_level & (np.abs(y) > np.abs(x) * (_TAN_22 + 2))
    dx = np.where(is_steep, 0, np.where(is_level | ((x ^ y) >= 0), 1, -1))
    dy = np.where(is_level, 0, 1)
    before = padded[rows + 1 - dy, columns + 1 - dx]
    after = padded[rows + 1 + dy, columns + 1 + dx]
    # Of two equal neighbours the first is kept; on a diagonal, neither.
    wins = (here > before) & np.where(is_level | is_steep, here >= after, here > after)
    ridges = np.zeros(size.shape, bool)
    ridges[rows[wins], columns[wins]] = True
    return ridges


def compute_distance(edges: Mask, limit: int) -> Floats:
    """Return each pixel's distance (H, W) to the nearest edge, at most ``limit`` <= 20 pixels.

    It is the length of the shortest walk of a chess king and a knight with steps 1, 1.4, 2.1969,
    in 1/1024 of a pixel.
    """
    # Turned, so that shifts to the side are shifts of whole rows; in int16, twice as fast.
    height_away = np.ascontiguousarray(_compute_column_distance(edges).T)  # (W, H)
    distance = np.full(height_away.shape, limit * _PARTS, np.int16)
    for dx, lengths in enumerate(_create_lengths()[: min(limit + 1, len(distance))]):
        near, last = lengths.take(height_away), len(distance) - dx
        np.minimum(distance[:last], near[dx:], out=distance[:last])
        np.minimum(distance[dx:], near[:last], out=distance[dx:])
    return distance.T.astype(np.float32) / np.float32(_PARTS)


@lru_cache(maxsize=1)
def _create_lengths() -> NDArray[np.int16]:
    """Return the walk's length (_FAR, _FAR + 1) for every way across and every way down."""
    dx, dy = np.arange(_FAR)[:, np.newaxis], np.arange(_FAR + 1)
    # The four kinds of walk; the longest of these lower bounds is the length.
    bounds = (dy + 0.1969 * dx, 0.7969 * dy + 0.6031 * dx)
    turned = (0.6031 * dy + 0.7969 * dx, 0.1969 * dy + dx)
    lengths = np.maximum.reduce([*bounds, *turned])
    parts: NDArray[np.int16] = np.round(lengths * _PARTS).astype(np.int16)
    return parts


def _compute_column_distance(edges: Mask) -> NDArray[np.intp]:
    """Return each pixel's distance (H, W) to the nearest edge of its own column, at most _FAR."""
    height = len(edges)
    rows = np.arange(height, dtype=np.int16)[:, np.newaxis]
    above = np.maximum.accumulate(np.where(edges, rows, np.int16(-_FAR)), axis=0)
    below = np.minimum.accumulate(np.where(edges, rows, np.int16(height + _FAR))[::-1], axis=0)
    nearest = np.minimum(np.minimum(rows - above, below[::-1] - rows), np.int16(_FAR))
    return nearest.astype(np.intp)
