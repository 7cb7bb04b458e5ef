"""Walking a convolutional graph: its stages, what each unit can see, its first kernels.

Works on the ONNX graph alone, so on any image network of the zoo; weights stay on disk but for the
first layer's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dashboard.inference.model import Floats

if TYPE_CHECKING:  # imported where it is used: the first page does not wait for it
    import onnx

ACTIVATIONS = frozenset({"Relu", "Clip", "LeakyRelu", "Elu", "HardSwish", "Gelu", "PRelu"})
# A stage's switch, an input (N, C, 1, 1) of the opened graph, is called this + its tensor.
SWITCH = "glass_box/switch/"
_WINDOWED = frozenset({"Conv", "MaxPool", "AveragePool"})
_MIN_SIDE = 2  # a map of one number has no places: squeeze-and-excitation, pooled features


@dataclass(frozen=True)
class Field:
    """What a unit can see: ``size`` pixels a side; the first unit's window is centred at ``start``.

    ``jump`` is how many pixels lie between neighbouring units. Araujo et al. 2019, "Computing
    receptive fields of convolutional neural networks", distill.pub/2019/computing-receptive-fields.
    """

    size: float = 1.0
    jump: float = 1.0
    start: float = 0.0


@dataclass(frozen=True)
class Stage:
    """One layer to look at: its tensor (N, channels, side, side), and that before its activation.

    ``depth`` in (0, 1] is the share of the network's activations up to here.
    """

    tensor: str
    before: str
    channels: int
    side: int
    depth: float
    field: Field


@dataclass(frozen=True)
class FirstConvolution:
    """The first layer: ``weight`` (C, channels, k, k), ``bias`` (C,), its step and its border."""

    weight: Floats
    bias: Floats
    stride: int
    pad: int


def find_stages(model: onnx.ModelProto) -> tuple[Stage, ...]:
    """Return one layer a resolution: the first of all, then the last before each halving.

    The first is the one whose kernels can be drawn as pictures; the last of a resolution is the
    most that the network makes of it (as in feature pyramids, Lin et al. 2017, arXiv 1612.03144).
    """
    shapes = _infer_shapes(model)
    made = [
        (node.input[0], node.output[0])
        for node in model.graph.node
        if node.op_type in ACTIVATIONS and _is_map(shapes.get(node.output[0], ()))
    ]
    by_side: dict[int, int] = {}
    for index, (_, tensor) in enumerate(made):
        side = shapes[tensor][2]
        if side != (shapes[made[0][1]][2]) or side not in by_side:
            by_side[side] = index
    fields = find_fields(model)
    return tuple(
        Stage(
            tensor=made[index][1],
            before=made[index][0],
            channels=shapes[made[index][1]][1],
            side=side,
            depth=(index + 1) / len(made),
            field=fields[made[index][1]],
        )
        for side, index in sorted(by_side.items(), key=lambda item: item[1])
    )


def _infer_shapes(model: onnx.ModelProto) -> Mapping[str, tuple[int, ...]]:
    """Return the shape of every tensor, the batch as 0."""
    from onnx import shape_inference

    inferred = shape_inference.infer_shapes(model).graph
    return {
        value.name: tuple(dim.dim_value for dim in value.type.tensor_type.shape.dim)
        for value in [*inferred.value_info, *inferred.output, *inferred.input]
    }


def _is_map(shape: tuple[int, ...]) -> bool:
    return len(shape) == 4 and shape[2] == shape[3] and shape[2] >= _MIN_SIDE


def find_fields(model: onnx.ModelProto) -> Mapping[str, Field]:
    """Return the receptive field of every tensor that has places; paths that meet: the widest."""
    sizes = {w.name: tuple(w.dims) for w in model.graph.initializer}
    _follow_casts(model, sizes)
    fields = {value.name: Field() for value in model.graph.input if value.name not in sizes}
    for node in model.graph.node:
        seen = [fields[name] for name in node.input if name in fields]
        if seen:
            widest = max(seen, key=lambda field: field.size)
            fields[node.output[0]] = _widen(widest, node, sizes)
    return fields


def _follow_casts(model: onnx.ModelProto, values: dict[str, tuple[int, ...]]) -> None:
    for node in model.graph.node:
        if node.op_type == "Cast" and node.input[0] in values:
            values[node.output[0]] = values[node.input[0]]


def _widen(field: Field, node: onnx.NodeProto, sizes: Mapping[str, tuple[int, ...]]) -> Field:
    if node.op_type not in _WINDOWED:
        return field
    kernel, stride, pad, dilation = _read_window(node, sizes)
    reach = (kernel - 1) * dilation
    return Field(
        size=field.size + reach * field.jump,
        jump=field.jump * stride,
        start=field.start + (reach / 2 - pad) * field.jump,
    )


def _read_window(
    node: onnx.NodeProto, sizes: Mapping[str, tuple[int, ...]]
) -> tuple[int, int, int, int]:
    """Return (kernel, stride, pad, dilation) along the first axis of the picture."""
    given = {a.name: list(a.ints) for a in node.attribute if a.ints}
    kernel = given.get("kernel_shape") or [sizes[node.input[1]][2]]
    strides, pads = given.get("strides", [1]), given.get("pads", [0])
    return kernel[0], strides[0], pads[0], given.get("dilations", [1])[0]


def read_first_convolution(model: onnx.ModelProto, folder: str) -> FirstConvolution:
    """Read the first Conv's numbers, stored as float16 or float32, from the graph or its data."""
    from onnx import numpy_helper

    node = next(node for node in model.graph.node if node.op_type == "Conv")
    origins = {n.output[0]: n.input[0] for n in model.graph.node if n.op_type == "Cast"}
    stored = {w.name: w for w in model.graph.initializer}

    def read(name: str) -> Floats:
        array = numpy_helper.to_array(stored[origins.get(name, name)], folder)
        return np.asarray(array, dtype=np.float32)

    weight = read(node.input[1])
    bias = read(node.input[2]) if len(node.input) > 2 else np.zeros(len(weight), np.float32)
    _, stride, pad, _ = _read_window(node, {node.input[1]: weight.shape})
    return FirstConvolution(weight, bias, stride, pad)
