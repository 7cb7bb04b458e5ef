"""What an uploaded network is, read from its graph. Runs in the sandbox."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from dashboard.uploads.inside.checks import DTYPES, check_image_input, read_dim
from dashboard.uploads.inside.structure import list_subgraphs
from dashboard.uploads.inspection import (
    MAX_LISTED,
    MAX_METADATA,
    MAX_NORM_CHANNELS,
    STATISTICS,
    Inspection,
    NormStatistics,
    TensorInfo,
)

MAX_NORMS = 3

_AXES_ARE_INPUTS_SINCE = 18

_NAMES = {int(kind): name for kind, name in DTYPES.items()}


def describe(model: onnx.ModelProto, was_converted: bool) -> Inspection:
    """Return what the app must know to use a checked model."""
    graph = model.graph
    outputs = [_describe_tensor(value) for value in graph.output[:MAX_LISTED]]
    metadata = {each.key: each.value[:MAX_METADATA] for each in model.metadata_props[:MAX_LISTED]}
    operators = Counter(node.op_type for node in _list_nodes(graph))
    return Inspection(
        image=_describe_tensor(check_image_input(model)),
        outputs=tuple(output for output in outputs if output is not None),
        metadata=metadata,
        operators=operators,
        opset=get_opset(model),
        n_nodes=operators.total(),
        n_parameters=sum(math.prod(weight.dims) for weight in graph.initializer),
        was_converted=was_converted,
        norms=tuple(_read_norm(graph, node) for node in find_norms(graph)),
    )


def get_opset(model: onnx.ModelProto) -> int:
    """Return the version of ONNX's own operators that a checked model uses."""
    found = (each.version for each in model.opset_import if each.domain in ("", "ai.onnx"))
    return int(next(found))


def _list_nodes(graph: onnx.GraphProto) -> Iterator[onnx.NodeProto]:
    for node in graph.node:
        yield node
        for subgraph in list_subgraphs(node):
            yield from _list_nodes(subgraph)


def _describe_tensor(value: onnx.ValueInfoProto) -> TensorInfo:
    tensor = value.type.tensor_type
    kind = _NAMES.get(int(tensor.elem_type), TensorProto.DataType.Name(tensor.elem_type).lower())
    return TensorInfo(value.name, kind, tuple(read_dim(dim) for dim in tensor.shape.dim))


def find_norms(graph: onnx.GraphProto) -> list[onnx.NodeProto]:
    """Return the first batch normalizations whose statistics are stored in the file."""
    stored = {weight.name: weight for weight in graph.initializer}
    found = []
    for node in graph.node:
        if node.op_type == "BatchNormalization" and {*node.input[3:5]} <= stored.keys():
            if 0 < math.prod(stored[node.input[3]].dims) <= MAX_NORM_CHANNELS:
                found.append(node)
            if len(found) == MAX_NORMS:
                break
    return found


def _read_norm(graph: onnx.GraphProto, node: onnx.NodeProto) -> NormStatistics:
    stored = {weight.name: weight for weight in graph.initializer}
    mean, variance = (numpy_helper.to_array(stored[name]) for name in node.input[3:5])
    return NormStatistics(
        np.nan_to_num(mean.astype(np.float32)).reshape(-1),
        np.nan_to_num(variance.astype(np.float32)).reshape(-1),
    )


def add_statistics(model: onnx.ModelProto) -> None:
    """Add outputs with the mean of each channel before the first normalizations, and of its square.

    For normalization i they are called ``STATISTICS/i/mean`` and ``STATISTICS/i/square``, each
    (N, C, 1, 1). The model is changed in place.
    """
    graph = model.graph
    for index, norm in enumerate(find_norms(graph)):
        name = f"{STATISTICS}/{index}"
        graph.node.append(helper.make_node("Mul", [norm.input[0]] * 2, [f"{name}/squared"]))
        for source, what in ((norm.input[0], "mean"), (f"{name}/squared", "square")):
            _append_mean(model, source, f"{name}/{what}")


def _append_mean(model: onnx.ModelProto, source: str, name: str) -> None:
    graph = model.graph
    if get_opset(model) >= _AXES_ARE_INPUTS_SINCE:
        axes = f"{name}/axes"
        graph.initializer.append(numpy_helper.from_array(np.array([2, 3]), axes))
        node = helper.make_node("ReduceMean", [source, axes], [name], keepdims=1)
    else:
        node = helper.make_node("ReduceMean", [source], [name], axes=[2, 3], keepdims=1)
    graph.node.append(node)
    graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, None))
