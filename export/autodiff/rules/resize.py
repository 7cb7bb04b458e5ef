"""Gradients of Resize and Upsample: linear, separable, so a constant matrix an axis.

``y = M x`` along each axis, hence ``dx = M^T dy``; ``resampling.compute_weights`` makes M.
Where an axis pair is enlarged by copying pixels a whole number of times, as most decoders do,
the adjoint is an average pool. Operator: https://onnx.ai/onnx/operators/onnx__Resize.html.
"""

import math
from dataclasses import dataclass

import numpy as np

from export.autodiff.arrays import Doubles
from export.autodiff.builder import Builder, Gradients, Rule
from export.autodiff.errors import UnsupportedOperator
from export.autodiff.node import Node
from export.autodiff.rules.axes import apply_along_axis, positive_axis
from export.autodiff.rules.resampling import Sampling, compute_weights


@dataclass(frozen=True)
class _Axis:
    """One axis that a node resizes."""

    axis: int
    inputs: int
    outputs: int
    scale: float
    roi: tuple[float, float] = (0.0, 1.0)


def resize(b: Builder, node: Node, grad: str) -> Gradients:
    """``dx = M^T dy`` along every axis that changes."""
    sampling = Sampling(
        mode=node.attributes["mode"],
        coordinates=node.attributes["coordinate_transformation_mode"],
        nearest=node.attributes["nearest_mode"],
        cubic_a=node.attributes["cubic_coeff_a"],
        exclude_outside=bool(node.attributes["exclude_outside"]),
        antialias=bool(node.attributes["antialias"]),
    )
    axes = _resized_axes(b, node, sampling.coordinates)
    return [_adjoint(b, grad, sampling, axes)]


def upsample(b: Builder, node: Node, grad: str) -> Gradients:
    """Upsample, Resize's forerunner: positions divided by the scale, rounded down."""
    mode = node.attributes["mode"]
    sampling = Sampling(mode=mode, coordinates="asymmetric", nearest="floor")
    x = node.inputs[0]
    scales = node.attributes.get("scales", b.value(node.input(1)))
    if scales is None:
        raise _not_constant(b)
    axes = [
        _Axis(axis, b.size(x, axis), b.size(node.outputs[0], axis), float(scale))
        for axis, scale in enumerate(scales)
        if scale != 1
    ]
    return [_adjoint(b, grad, sampling, axes)]


def _adjoint(b: Builder, grad: str, sampling: Sampling, axes: list[_Axis]) -> str:
    """Apply the transposed weights along each axis; the smallest result first."""
    rank = b.rank(grad)
    matrices = {
        a.axis: compute_weights(sampling, a.inputs, a.outputs, a.scale, a.roi) for a in axes
    }
    if rank == 4 and list(matrices) == [2, 3]:
        factors = [_copies(matrices[axis]) for axis in (2, 3)]
        if all(factors):
            pooled = b.op("AveragePool", grad, kernel_shape=factors, strides=factors)
            return b.op("Mul", pooled, math.prod(factors))
    for a in sorted(axes, key=lambda a: a.inputs / a.outputs):
        grad = apply_along_axis(b, grad, a.axis, matrices[a.axis])
    return grad


def _copies(matrix: Doubles) -> int:
    """How often an axis repeats every element in place; 0 where it does something else."""
    outputs, inputs = matrix.shape
    times, rest = divmod(outputs, inputs)
    if rest or not np.array_equal(matrix, np.repeat(np.eye(inputs), times, axis=0)):
        return 0
    return int(times)


def _not_constant(b: Builder) -> UnsupportedOperator:
    return b.refusal("its sizes or scales depend on the data: make them constants")


def _resized_axes(b: Builder, node: Node, coordinates: str) -> list[_Axis]:
    x, y = node.inputs[0], node.outputs[0]
    shape = b.shape(x)
    named = [positive_axis(b, x, a) for a in node.attributes.get("axes", range(len(shape)))]
    scales = _scales(b, node, named)
    roi = _roi(b, node)
    result: list[_Axis] = []
    for i, axis in enumerate(named):
        window = (roi[i], roi[i + len(named)]) if len(roi) == 2 * len(named) else (0.0, 1.0)
        cropped = coordinates == "tf_crop_and_resize" and window != (0.0, 1.0)
        if shape[axis] == b.shape(y)[axis] and scales[i] == 1 and not cropped:
            continue
        inputs, outputs = b.size(x, axis), b.size(y, axis)
        _check_length(b, coordinates, scales[i] * inputs, outputs)
        result.append(_Axis(axis, inputs, outputs, scales[i], window))
    return sorted(result, key=lambda a: a.axis)


def _roi(b: Builder, node: Node) -> list[float]:
    """Return the region of interest, which only tf_crop_and_resize reads; empty elsewhere."""
    if node.attributes["coordinate_transformation_mode"] != "tf_crop_and_resize":
        return []
    value = b.value(node.input(1))
    if value is None:
        raise _not_constant(b)
    return [float(v) for v in value]


def _scales(b: Builder, node: Node, named: list[int]) -> list[float]:
    """Return the scale of every named axis, given or following from the sizes."""
    given = b.value(node.input(2))
    if given is not None and np.size(given):
        return [float(v) for v in given]
    x, y = b.shape(node.inputs[0]), b.shape(node.outputs[0])
    policy = node.attributes["keep_aspect_ratio_policy"]
    if policy == "stretch":
        # The output's length says the same as the sizes, also where they hold the batch.
        return [1.0 if x[a] == y[a] else _ratio(b, node, a) for a in named]
    sizes = b.value(node.input(3))
    if sizes is None:
        raise _not_constant(b)
    ratios = [size / b.size(node.inputs[0], a) for size, a in zip(sizes, named, strict=True)]
    return [float(min(ratios) if policy == "not_larger" else max(ratios))] * len(named)


def _ratio(b: Builder, node: Node, axis: int) -> float:
    return b.size(node.outputs[0], axis) / b.size(node.inputs[0], axis)


def _check_length(b: Builder, coordinates: str, exact: float, outputs: int) -> None:
    """Refuse a scale that gives a fraction of a pixel where that changes the positions.

    ONNX Runtime computes with the rounded length, the operator's reference with the exact one.
    """
    by_length = coordinates in ("align_corners", "tf_crop_and_resize") or (
        coordinates == "pytorch_half_pixel" and outputs == 1
    )
    if by_length and abs(exact - outputs) > 1e-4:
        raise b.refusal(
            f"{coordinates} with a scale to {exact:.3f} pixels is read differently by ONNX "
            "Runtime and by the specification: give sizes instead of scales",
        )


RULES: dict[str, Rule] = {"Resize": resize, "Upsample": upsample}
