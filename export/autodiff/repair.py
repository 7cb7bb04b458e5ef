"""Graphs that were exported at batch size 1 and say so in places where they mean N."""

import math
from collections.abc import Sequence

import numpy as np
import onnx
from onnx import numpy_helper

from export.autodiff.graph import Graph
from export.autodiff.shapes import BATCHES, Batch, Shape, Tensor, at


def repair(graph: Graph, node: onnx.NodeProto) -> list[onnx.NodeProto]:
    """Free one node of a baked batch size of 1, in place; return nodes to run before it."""
    if node.op_type == "Reshape":
        _repair_reshape(graph, node)
    if node.op_type == "Concat":
        return _repair_concat(graph, node)
    return []


def _repair_reshape(graph: Graph, node: onnx.NodeProto) -> None:
    data, target = graph.tensors.get(node.input[0]), graph.tensors.get(node.input[1])
    if data is None or target is None or target.values is None or not target.is_static:
        return
    old = [int(d) for d in target.values[0]]
    takes_zeros = any(a.name == "allowzero" and a.i for a in node.attribute)
    if takes_zeros and 0 in old:  # a 0 is a size here; such a tensor is empty
        return
    spec = freed(data.shape, old)
    if spec is None:
        return
    # torch writes allowzero=1 everywhere; the 0 below means "as in the data".
    kept = [a for a in node.attribute if a.name != "allowzero"]
    del node.attribute[:]
    node.attribute.extend(kept)
    name = f"{node.input[1]}/batch_freed/{node.output[0]}"
    value = np.array(spec, np.int64)
    graph.constants[name] = numpy_helper.from_array(value, name)
    graph.tensors[name] = Tensor(onnx.TensorProto.INT64, value.shape, (value, value))
    node.input[1] = name


def freed(shape: Shape, target: Sequence[int]) -> list[int] | None:
    """Return Reshape's argument with its first dimension left free, or None if it fits as it is.

    Args:
        shape: of the data; its batch is symbolic.
        target: Reshape's argument, written for a batch of 1.
    """
    if not target or not any(isinstance(d, Batch) for d in shape):
        return None
    batch_first = isinstance(shape[0], Batch)
    swallowed = target[0] == 1 and batch_first and -1 in target  # (1, -1) takes the batch along
    if _fits(shape, target) and not swallowed:
        return None
    candidates = [[0, *target[1:]]] if batch_first else []
    if -1 not in target:
        candidates.append([-1, *target[1:]])
    return next((c for c in candidates if _fits(shape, c)), None)


def _fits(shape: Shape, target: Sequence[int]) -> bool:
    """Whether the numbers of elements agree at both batch sizes."""
    for batch in BATCHES:
        source = at(shape, batch)
        dims = [source[i] if d == 0 and i < len(source) else d for i, d in enumerate(target)]
        known = math.prod(d for d in dims if d != -1)
        total = math.prod(source)
        if total % known if -1 in dims and known else total != known:
            return False
    return True


def _repair_concat(graph: Graph, node: onnx.NodeProto) -> list[onnx.NodeProto]:
    """Repeat constants of batch 1 (a class token) beside tensors of batch N."""
    axis = next(a.i for a in node.attribute if a.name == "axis")
    shapes = {n: graph.tensors[n].shape for n in node.input if n in graph.tensors}
    dynamic = [n for n, s in shapes.items() if s and isinstance(s[0], Batch)]
    fixed = [n for n, s in shapes.items() if s and s[0] == 1]
    if axis % max(len(shapes[dynamic[0]]), 1) == 0 if dynamic else True:
        return []
    added: list[onnx.NodeProto] = []
    for index, name in enumerate(node.input):
        if name in fixed:
            nodes = _repeated(graph, name, dynamic[0], f"{node.output[0]}/repeated_{index}")
            added.extend(nodes)
            node.input[index] = nodes[-1].output[0]
    return added


def _repeated(graph: Graph, name: str, like: str, stem: str) -> list[onnx.NodeProto]:
    """Expand axis 0 of a tensor to the batch of another."""
    rest = np.ones(len(graph.tensors[name].shape) - 1, np.int64)
    ones = f"{stem}/ones"
    graph.constants[ones] = numpy_helper.from_array(rest, ones)
    graph.tensors[ones] = Tensor(onnx.TensorProto.INT64, rest.shape, (rest, rest))
    make = onnx.helper.make_node
    return [
        make("Shape", [like], [f"{stem}/batch"], start=0, end=1),
        make("Concat", [f"{stem}/batch", ones], [f"{stem}/shape"], axis=0),
        make("Expand", [name, f"{stem}/shape"], [stem]),
    ]
