"""Networks that nobody should upload, and the sentences with which they are refused."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import onnx
import pytest
from onnx import TensorProto, external_data_helper, helper, numpy_helper

from dashboard.uploads.inside.checks import check_upload
from dashboard.uploads.sandbox_wire import UploadError
from tests.dashboard.uploads.networks import build, create_network, node, value


def change(edit: Callable[[onnx.ModelProto], object]) -> onnx.ModelProto:
    """Return the healthy network after an edit."""
    model = create_network()
    edit(model)
    return model


def refuse(model: onnx.ModelProto | bytes) -> str:
    """Return the one sentence with which a file is refused."""
    data = model if isinstance(model, bytes) else model.SerializeToString()
    with pytest.raises(UploadError) as caught:
        check_upload(data)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert len(sentence) < 600
    return sentence


def make_external(location: str) -> TensorProto:
    """Return weights whose numbers lie in another file."""
    tensor = numpy_helper.from_array(np.zeros(4, np.float32), "stolen")
    external_data_helper.set_external_data(tensor, location, 0, 16)
    tensor.ClearField("raw_data")
    return tensor


def repeat(count: int) -> onnx.ModelProto:
    """Return a chain of so many nodes."""
    names = ["image", *(f"x{i}" for i in range(count))]
    nodes = [node("Relu", [a], [b]) for a, b in pairwise(names)]
    return build(nodes, [value("image", ["N", 3, 8, 8])], [value(names[-1], ["N", 3, 8, 8])])


def nest(depth: int) -> onnx.ModelProto:
    """Return a network with graphs that many levels deep."""
    graph = helper.make_graph([], "innermost", [], [])
    for _ in range(depth):
        graph = helper.make_graph([node("If", ["x"], ["y"], then_branch=graph)], "g", [], [])
    return change(lambda model: model.graph.node.append(node("If", ["x"], ["y"], body=graph)))


def create_endless_loop(n_iterations: int = 1 << 62) -> onnx.ModelProto:
    """Return a classifier whose Loop never ends."""
    body = helper.make_graph(
        [node("Identity", ["going"], ["still"]), node("Add", ["x", "x"], ["y"])],
        "body",
        [
            value("step", [], TensorProto.INT64),
            value("going", [], TensorProto.BOOL),
            value("x", None),  # type: ignore[arg-type]
        ],
        [value("still", [], TensorProto.BOOL), value("y", None)],  # type: ignore[arg-type]
    )
    nodes = [
        node("Loop", ["count", "true", "image"], ["looped"], body=body),
        node("GlobalAveragePool", ["looped"], ["pooled"]),
        node("Flatten", ["pooled"], ["out"]),
    ]
    weights = {"count": np.array(n_iterations), "true": np.array(True)}
    return build(nodes, [value("image", ["N", 3, 8, 8])], [value("out", ["N", 3])], weights)


def create_memory_bomb() -> onnx.ModelProto:
    """Return a classifier that asks for 100 GB when it runs."""
    nodes = [
        node("ConstantOfShape", ["shape"], ["huge"]),
        node("ReduceMax", ["huge"], ["most"], keepdims=0),
        node("GlobalAveragePool", ["image"], ["pooled"]),
        node("Flatten", ["pooled"], ["flat"]),
        node("Add", ["flat", "most"], ["out"]),
    ]
    weights = {"shape": np.array([25 * 10**9])}
    return build(nodes, [value("image", ["N", 3, 8, 8])], [value("out", ["N", 3])], weights)
