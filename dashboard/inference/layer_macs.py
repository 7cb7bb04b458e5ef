"""Where a network multiplies: multiply-accumulates by layer, counted in its ONNX graph."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import onnx


@dataclass(frozen=True)
class LayerCost:
    """One layer of a network: its operator, output shape without the batch, and what it costs.

    ``macs`` are multiply-accumulates for one input, ``weights`` the numbers it has learnt,
    ``outputs`` the numbers that it passes on.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    macs: int
    weights: int
    outputs: int


def count_layers(model: onnx.ModelProto) -> list[LayerCost]:
    """Return the layers with weights and the matrix products of a graph, in order, for one input.

    Dynamic axes count as 1. What has no weights (activations, additions, pooling) is not counted,
    as in the papers and on the cards.

    Raises:
        ValueError: a shape that is needed could not be inferred.
    """
    graph, shapes, learnt = read_graph(model)
    nodes = [node for node in graph.node if node.op_type in _COUNTS]
    return [_count(index, node, shapes, learnt) for index, node in enumerate(nodes, 1)]


def read_graph(model: onnx.ModelProto) -> tuple[Any, dict[str, tuple[int, ...]], set[str]]:
    """Return an ONNX graph, the shapes of its values for one input, and the names of its weights.

    Dynamic axes count as 1; a shape that cannot be inferred is left out.
    """
    import onnx

    graph = onnx.shape_inference.infer_shapes(model, data_prop=True).graph
    stored = {weight.name: tuple(weight.dims) for weight in graph.initializer}
    shapes: dict[str, tuple[int, ...]] = dict(stored)
    for value in (*graph.value_info, *graph.input, *graph.output):
        dims = value.type.tensor_type.shape.dim
        shapes[value.name] = tuple(dim.dim_value or 1 for dim in dims)
    learnt = set(stored) | {
        node.output[0] for node in graph.node if node.op_type == "Cast" and node.input[0] in stored
    }
    return graph, shapes, learnt


def _count(
    index: int, node: Any, shapes: dict[str, tuple[int, ...]], learnt: set[str]
) -> LayerCost:
    missing = {node.input[0], node.input[1], node.output[0]} - shapes.keys()
    if missing:
        raise ValueError(f"the shape of {', '.join(sorted(missing))} is not known")
    out = shapes[node.output[0]]
    return LayerCost(
        f"{index} {node.op_type}",
        node.op_type,
        out[1:],
        _COUNTS[node.op_type](node, shapes),
        sum(math.prod(shapes[name]) for name in node.input if name in learnt),
        math.prod(out),
    )


def _count_conv(node: Any, shapes: dict[str, tuple[int, ...]]) -> int:
    # Each output value sums over (C / groups, kernel height, width).
    return math.prod(shapes[node.output[0]]) * math.prod(shapes[node.input[1]][1:])


def _count_transposed(node: Any, shapes: dict[str, tuple[int, ...]]) -> int:
    # Each input value goes to (C / groups, kernel height, width).
    return math.prod(shapes[node.input[0]]) * math.prod(shapes[node.input[1]][1:])


def _count_product(node: Any, shapes: dict[str, tuple[int, ...]]) -> int:
    weight = shapes[node.input[1]]
    is_transposed = any(each.name == "transB" and each.i for each in node.attribute)
    return math.prod(shapes[node.output[0]]) * (weight[-1] if is_transposed else weight[-2])


_COUNTS = {
    "Conv": _count_conv,
    "ConvTranspose": _count_transposed,
    "Gemm": _count_product,
    "MatMul": _count_product,
}
KINDS = frozenset(_COUNTS)
