"""The weights of ONNX Resize along one axis, as a constant matrix.

Resize is linear in its input and separable over the axes. Along one axis it is a matrix
``M`` of shape (outputs, inputs): ``y = M x``, so the gradient is ``dx = M^T dy``. The formulas
are those of the operator's specification (https://onnx.ai/onnx/operators/onnx__Resize.html);
the cubic kernel is Keys, "Cubic convolution interpolation for digital image processing", 1981.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from export.autodiff.arrays import Doubles


@dataclass(frozen=True)
class Sampling:
    """What decides the weights of a Resize apart from the sizes: its attributes."""

    mode: str = "nearest"
    coordinates: str = "half_pixel"
    nearest: str = "round_prefer_floor"
    cubic_a: float = -0.75
    exclude_outside: bool = False
    antialias: bool = False


def compute_weights(
    sampling: Sampling,
    inputs: int,
    outputs: int,
    scale: float,
    roi: tuple[float, float] = (0.0, 1.0),
) -> Doubles:
    """Return the matrix M, shape (outputs, inputs), with ``y = M x`` along one axis."""
    source = _source_coordinates(sampling.coordinates, inputs, outputs, scale, roi)
    if sampling.mode == "nearest":
        columns = _round(source, sampling.nearest)[:, None]
        weights = np.ones_like(source)[:, None]
    else:
        columns, weights = _window(sampling, source, min(scale, 1.0))
    weights = _at_the_border(sampling, columns, weights, inputs)
    matrix = np.zeros((outputs, inputs))
    rows = np.broadcast_to(np.arange(outputs)[:, None], columns.shape)
    # Outside the input the edge value counts, so several columns may fall together.
    np.add.at(matrix, (rows, np.clip(columns, 0, inputs - 1)), weights)
    if sampling.coordinates == "tf_crop_and_resize":
        # The extrapolation value is a constant: it has no gradient.
        matrix[(source < 0) | (source > inputs - 1)] = 0.0
    return matrix


def _source_coordinates(
    mode: str, inputs: int, outputs: int, scale: float, roi: tuple[float, float]
) -> Doubles:
    """Map each output position to a position in the input."""
    y = np.arange(outputs, dtype=np.float64)
    # The specification's length_resized is the exact product, before rounding down.
    length = scale * inputs
    if abs(length - outputs) < 1e-4:
        length = float(outputs)
    if mode == "asymmetric":
        return y / scale
    if mode == "align_corners":
        return y * (inputs - 1) / (length - 1) if length != 1 else np.zeros(outputs)
    if mode == "tf_crop_and_resize":
        start, end = roi
        if length == 1:
            return np.full(outputs, 0.5 * (start + end) * (inputs - 1))
        return start * (inputs - 1) + y * (end - start) * (inputs - 1) / (length - 1)
    half_pixel: Doubles = (y + 0.5) / scale - 0.5
    if mode == "half_pixel_symmetric":
        return half_pixel + inputs / 2 * (1 - outputs / length)
    if mode == "pytorch_half_pixel" and outputs == 1:
        return np.zeros(outputs)
    if mode not in ("half_pixel", "pytorch_half_pixel", "tf_half_pixel_for_nn"):
        raise ValueError(f"unknown coordinate_transformation_mode {mode!r}")
    # Opset 10 and 11's tf_half_pixel_for_nn has no shift by half an input pixel.
    return half_pixel + 0.5 if mode == "tf_half_pixel_for_nn" else half_pixel


def _round(source: Doubles, mode: str) -> NDArray[np.int64]:
    rounding: dict[str, Callable[[Doubles], Doubles]] = {
        "round_prefer_floor": lambda x: np.ceil(x - 0.5),
        "round_prefer_ceil": lambda x: np.floor(x + 0.5),
        "floor": np.floor,
        "ceil": np.ceil,
    }
    # ONNX Runtime computes positions in float32, where 2 / 0.6f is exactly a tie: snap to it.
    return rounding[mode](np.round(source, 5)).astype(np.int64)


def _window(sampling: Sampling, source: Doubles, scale: float) -> tuple[NDArray[np.int64], Doubles]:
    """Return the columns each output reads and their weights, both (outputs, taps)."""
    radius = 1.0 if sampling.mode == "linear" else 2.0
    stretch = scale if sampling.antialias else 1.0
    first = int(np.floor(-radius / stretch) + 1)
    taps = np.arange(first, 2 - first)
    left = np.floor(source)
    # (outputs, taps): the distance of every tap from the exact position
    distance = np.abs(taps[None, :] - (source - left)[:, None]) * stretch
    weights = _tent(distance) if sampling.mode == "linear" else _keys(distance, sampling.cubic_a)
    if sampling.antialias:
        weights = weights / weights.sum(axis=1, keepdims=True)
    return left.astype(np.int64)[:, None] + taps[None, :], weights


def _tent(distance: Doubles) -> Doubles:
    return np.clip(1.0 - distance, 0.0, None)


def _keys(distance: Doubles, a: float) -> Doubles:
    """Keys' cubic kernel: ``(a+2)d^3 - (a+3)d^2 + 1`` to 1, ``a(d^3 - 5d^2 + 8d - 4)`` to 2."""
    near = ((a + 2) * distance - (a + 3)) * distance**2 + 1
    far = a * (((distance - 5) * distance + 8) * distance - 4)
    return np.where(distance <= 1, near, np.where(distance < 2, far, 0.0))


def _at_the_border(
    sampling: Sampling, columns: NDArray[np.int64], weights: Doubles, inputs: int
) -> Doubles:
    """With exclude_outside, taps outside the input weigh nothing and the rest sum to one."""
    if not sampling.exclude_outside:
        return weights
    inside = np.where((columns >= 0) & (columns < inputs), weights, 0.0)
    total = inside.sum(axis=1, keepdims=True)
    return inside / np.where(total == 0, 1.0, total)
