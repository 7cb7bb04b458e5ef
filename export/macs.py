"""Counting what a network costs: parameters, and multiply-accumulates from the ONNX graph."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import onnx
from torch import nn


def count_parameters(model: nn.Module) -> int:
    """Return the number of trained parameters (batch norm's running statistics are not)."""
    return sum(parameter.numel() for parameter in model.parameters())


def count_macs(path: Path, sizes: Mapping[str, int] | None = None) -> int:
    """Return the multiply-accumulates of one input through the layers with weights and MatMul.

    Everything else (activations, additions, pooling) is not counted, as in the papers. ``sizes``
    are those of the graph's dynamic axes; one that is not named counts as 1.

    Raises:
        ValueError: a shape that is needed could not be inferred.
    """
    model = onnx.load(path, load_external_data=False)
    if sizes:
        _fix_axes(model.graph, sizes)
    model = onnx.shape_inference.infer_shapes(model, data_prop=True)
    graph = model.graph
    shapes = {tensor.name: list(tensor.dims) for tensor in graph.initializer}
    for value in (*graph.value_info, *graph.input, *graph.output):
        dims = value.type.tensor_type.shape.dim
        shapes[value.name] = [dim.dim_value or 1 for dim in dims]  # the batch counts as one
    return sum(_count_node(node, shapes) for node in graph.node)


def _fix_axes(graph: onnx.GraphProto, sizes: Mapping[str, int]) -> None:
    """Give the inputs these sizes and forget what was inferred without them."""
    for value in graph.input:
        for dim in value.type.tensor_type.shape.dim:
            if dim.dim_param in sizes:
                dim.dim_value = sizes[dim.dim_param]
    for value in graph.output:
        value.type.tensor_type.ClearField("shape")
    del graph.value_info[:]


def _count_node(node: onnx.NodeProto, shapes: dict[str, list[int]]) -> int:
    if node.op_type in ("LSTM", "GRU", "RNN"):  # every step: (directions, gates * H, I) and (.., H)
        steps = shapes[node.input[0]][0]
        return steps * (math.prod(shapes[node.input[1]]) + math.prod(shapes[node.input[2]]))
    if node.op_type == "ConvTranspose":  # each input value goes to (C / groups, height, width)
        return math.prod(shapes[node.input[0]]) * math.prod(shapes[node.input[1]][1:])
    if node.op_type not in ("Conv", "Gemm", "MatMul"):
        return 0
    missing = {node.input[1], node.output[0]} - shapes.keys()
    if missing:
        raise ValueError(f"The shape of {', '.join(missing)} is not known.")
    weight, out = shapes[node.input[1]], shapes[node.output[0]]
    if node.op_type == "Conv":  # each output value sums over (C / groups, kernel height, width)
        return math.prod(out) * math.prod(weight[1:])
    is_transposed = any(a.name == "transB" and a.i for a in node.attribute)
    return math.prod(out) * (weight[-1] if is_transposed else weight[-2])
