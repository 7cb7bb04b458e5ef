"""From 16- and 64-bit to 32-bit floating point. Runs in the sandbox.

A CPU computes 32 bits no slower than 16, and gradients of 16 bits would overflow; for 64 bits ONNX
Runtime lacks most operators. Every value that 16 bits hold is kept exactly.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper

from dashboard.uploads.inside.checks import check_image_input
from dashboard.uploads.inside.structure import list_subgraphs

# The attributes by which operators name a type.
_TYPE_ATTRIBUTES = frozenset({"to", "dtype", "stash_type", "output_dtype"})


def use_single_precision(model: onnx.ModelProto) -> bool:
    """Make a model, whose functions are written out, compute in 32 bits; return if it did not.

    16-bit values are always changed, in place, and 64-bit values if images come in 64 bits.
    """
    others = {int(TensorProto.FLOAT16)}
    if check_image_input(model).type.tensor_type.elem_type == TensorProto.DOUBLE:
        others.add(int(TensorProto.DOUBLE))
    changes = [_change_graph(graph, others) for graph in _list_graphs(model.graph)]
    return any(changes)


def _list_graphs(graph: onnx.GraphProto) -> Iterator[onnx.GraphProto]:
    yield graph
    for node in graph.node:
        for subgraph in list_subgraphs(node):
            yield from _list_graphs(subgraph)


def _change_graph(graph: onnx.GraphProto, others: set[int]) -> bool:
    changes = [_change_tensor(weight, others) for weight in graph.initializer]
    for values in (graph.input, graph.output, graph.value_info):
        changes += [_change_type(value, others) for value in values]
    for node in graph.node:
        changes += [_change_attribute(attribute, others) for attribute in node.attribute]
    return any(changes)


def _change_tensor(tensor: TensorProto, others: set[int]) -> bool:
    if tensor.data_type not in others:
        return False
    single = numpy_helper.to_array(tensor).astype(np.float32)
    tensor.CopyFrom(numpy_helper.from_array(single, tensor.name))
    return True


def _change_type(value: onnx.ValueInfoProto, others: set[int]) -> bool:
    if value.type.tensor_type.elem_type not in others:
        return False
    value.type.tensor_type.elem_type = TensorProto.FLOAT
    return True


def _change_attribute(attribute: onnx.AttributeProto, others: set[int]) -> bool:
    if attribute.name in _TYPE_ATTRIBUTES and attribute.i in others:
        attribute.i = TensorProto.FLOAT
        return True
    tensors = [attribute.t] if attribute.HasField("t") else list(attribute.tensors)
    changes = [_change_tensor(tensor, others) for tensor in tensors]
    return any(changes)
