"""Correlation of planes with a kernel: blur without OpenCV, as fast.

A row filter is a product with a banded matrix. The band is cut into blocks that are all the same
small dense matrix, so BLAS does the work and time grows with the number of pixels, not its square.
"""

from __future__ import annotations

import numpy as np

from dashboard.inference.model import Floats

_BLOCK = 64


def create_gaussian(sigma: float, truncate: float = 4.0) -> Floats:
    """Return the 1-D Gaussian (2r + 1,), r = ``truncate`` sigma rounded, that sums to 1 (scipy)."""
    radius = int(truncate * sigma + 0.5)
    if radius == 0:
        return np.ones(1, np.float32)
    offsets = np.arange(-radius, radius + 1)
    weights = np.exp(-0.5 * (offsets / sigma) ** 2)
    kernel: Floats = (weights / weights.sum()).astype(np.float32)
    return kernel


def blur(planes: Floats, sigma: float) -> Floats:
    """Return planes (C, H, W) under a Gaussian of ``sigma`` pixels, edges repeated.

    The same as skimage.filters.gaussian(mode="nearest", truncate=4) up to float32.
    """
    kernel = create_gaussian(sigma)
    if len(kernel) == 1:
        return planes
    rows = _correlate_last(np.ascontiguousarray(planes.transpose(0, 2, 1)), kernel)
    return _correlate_last(np.ascontiguousarray(rows.transpose(0, 2, 1)), kernel)


def _correlate_last(planes: Floats, kernel: Floats) -> Floats:
    """Return planes (C, L, M) correlated along M with a kernel (2r + 1,), edges repeated."""
    radius, length = len(kernel) // 2, planes.shape[2]
    padded = np.pad(planes, ((0, 0), (0, 0), (radius, radius)), mode="edge")
    block = min(_BLOCK, length)
    band = np.zeros((block + 2 * radius, block), np.float32)  # column j holds the kernel from row j
    for column in range(block):
        band[column : column + len(kernel), column] = kernel
    result = np.empty_like(planes)
    for first in range(0, length, block):
        n = min(block, length - first)
        part = padded[:, :, first : first + n + 2 * radius]  # (C, L, n + 2r)
        np.matmul(part, band[: n + 2 * radius, :n], out=result[:, :, first : first + n])
    return result


def correlate(planes: Floats, kernel: Floats) -> Floats:
    """Return planes (C, H, W) correlated with a 2-D kernel of odd sides, edges mirrored.

    Mirrored without repeating the edge pixel, as in OpenCV's filter2D (BORDER_REFLECT_101); by
    Fourier transforms, whose cost does not depend on the kernel's size.
    """
    from scipy import fft

    height, width = planes.shape[1:]
    ky, kx = kernel.shape[0] // 2, kernel.shape[1] // 2
    padded = np.pad(planes, ((0, 0), (ky, ky), (kx, kx)), mode="reflect")
    sizes = [fft.next_fast_len(n, real=True) for n in padded.shape[1:]]
    # Convolution turns the kernel round, so it goes in turned.
    spectrum = fft.rfft2(kernel[::-1, ::-1], sizes)
    product = fft.rfft2(padded, sizes) * spectrum
    full = fft.irfft2(product, sizes)  # the wrapped-round part lies in the first 2 ky, 2 kx
    result: Floats = full[:, 2 * ky : 2 * ky + height, 2 * kx : 2 * kx + width]
    return result
