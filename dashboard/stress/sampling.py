"""Read an image between its pixels: bilinear sampling at given places."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from dashboard.inference.model import Doubles, Floats

Border = Literal["edge", "mirror", "mirror_101"]
Places = NDArray[np.float32]


def sample(planes: Floats, rows: Places, columns: Places, border: Border) -> Floats:
    """Return planes (C, H, W) read at fractional ``rows`` and ``columns`` (H', W') each.

    Outside, the image is continued by its edge pixels ("edge"), by its mirror image ("mirror",
    scipy's "reflect"), or by that without repeating the edge ("mirror_101").
    """
    n_channels, height, width = planes.shape
    top, left = np.floor(rows), np.floor(columns)
    down, right = rows - top, columns - left  # each in [0, 1)
    i, j = top.astype(np.intp), left.astype(np.intp)
    y0, y1 = (_fold(n, height, border) * width for n in (i, i + 1))
    x0, x1 = (_fold(n, width, border) for n in (j, j + 1))
    flat = planes.reshape(n_channels, -1)
    above = _blend(flat.take(y0 + x0, axis=1), flat.take(y0 + x1, axis=1), right)
    below = _blend(flat.take(y1 + x0, axis=1), flat.take(y1 + x1, axis=1), right)
    return _blend(above, below, down)  # (C, H', W')


def _blend(first: Floats, second: Floats, share: Floats) -> Floats:
    second -= first
    second *= share
    second += first
    return second


def _fold(indices: NDArray[np.intp], length: int, border: Border) -> NDArray[np.intp]:
    """Return each index (any integer) as the pixel in [0, length) that stands there."""
    if border == "edge" or length == 1:
        return np.clip(indices, 0, length - 1)
    if border == "mirror":
        period = 2 * length
        inside = indices % period
        return np.minimum(inside, period - 1 - inside)
    period = 2 * length - 2
    inside = indices % period
    return np.minimum(inside, period - inside)


def create_grid(height: int, width: int) -> tuple[Places, Places]:
    """Return every pixel's row and column (H, W) each."""
    grid: NDArray[Any] = np.indices((height, width), dtype=np.float32)
    return grid[0], grid[1]


def warp(planes: Floats, inverse: Doubles, border: Border) -> Floats:
    """Return planes (C, H, W) where pixel (x, y) shows the original's ``inverse`` @ (x, y, 1).

    ``inverse`` is (2, 3) and gives (x, y), columns first, as in image libraries.
    """
    rows, columns = create_grid(planes.shape[1], planes.shape[2])
    xs = inverse[0, 0] * columns + inverse[0, 1] * rows + inverse[0, 2]
    ys = inverse[1, 0] * columns + inverse[1, 1] * rows + inverse[1, 2]
    return sample(planes, ys.astype(np.float32), xs.astype(np.float32), border)
