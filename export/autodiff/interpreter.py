"""A graph interpreted in float64, where a wrong rule and rounding can be told apart."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, numpy_helper
from onnx.reference import ReferenceEvaluator

from export.autodiff.kernels import KERNELS
from export.autodiff.path import read_by


def to_double(model: onnx.ModelProto, folder: str = "") -> onnx.ModelProto:
    """Return the model with every float32 tensor, constant and cast in float64."""
    double = onnx.ModelProto()
    double.CopyFrom(model)
    _double_graph(double.graph, folder)
    return double


def _double_graph(graph: onnx.GraphProto, folder: str) -> None:
    """Change a graph, and the bodies of its loops, in place."""
    weights = [_double(w, folder) for w in graph.initializer]
    del graph.initializer[:]
    graph.initializer.extend(weights)
    for value in itertools.chain(graph.input, graph.output):
        if value.type.tensor_type.elem_type == TensorProto.FLOAT:
            value.type.tensor_type.elem_type = TensorProto.DOUBLE
    del graph.value_info[:]
    for node in graph.node:
        for attribute in node.attribute:
            is_float_cast = node.op_type == "Cast" and attribute.name == "to"
            if is_float_cast and attribute.i == TensorProto.FLOAT:
                attribute.i = TensorProto.DOUBLE
            if attribute.type == onnx.AttributeProto.TENSOR:
                attribute.t.CopyFrom(_double(attribute.t, folder))
            if attribute.type == onnx.AttributeProto.GRAPH:
                _double_graph(attribute.g, folder)


def _double(tensor: onnx.TensorProto, folder: str) -> onnx.TensorProto:
    is_float = tensor.data_type == TensorProto.FLOAT
    if not is_float and tensor.data_location != TensorProto.EXTERNAL:
        return tensor
    value = numpy_helper.to_array(tensor, folder)
    return numpy_helper.from_array(value.astype(np.float64) if is_float else value, tensor.name)


class Interpreter:
    """Runs a model in float64, without ONNX Runtime.

    Args:
        model: the graph, in any float type.
        outputs: the outputs to compute; None takes all.
        folder: where its external data lies.
    """

    def __init__(
        self, model: onnx.ModelProto, outputs: Sequence[str] | None = None, folder: str = ""
    ) -> None:
        double = to_double(model, folder)
        self.outputs = [o.name for o in double.graph.output if not outputs or o.name in outputs]
        _prune(double.graph, self.outputs)
        self._evaluator = ReferenceEvaluator(double, new_ops=list(KERNELS))

    def run(self, feeds: Mapping[str, npt.NDArray[Any]]) -> dict[str, npt.NDArray[Any]]:
        """Return the outputs by name; float inputs are taken in float64."""
        given = {
            name: value.astype(np.float64) if value.dtype == np.float32 else value
            for name, value in feeds.items()
        }
        return dict(zip(self.outputs, self._evaluator.run(self.outputs, given), strict=True))


def _prune(graph: onnx.GraphProto, outputs: Sequence[str]) -> None:
    """Drop what the outputs do not need: a score alone then costs one forward pass."""
    wanted, kept = set(outputs), []
    for node in reversed(graph.node):
        if any(o in wanted for o in node.output):
            wanted.update(read_by(node))  # what the body of a loop captures, too
            kept.append(node)
    del graph.node[:]
    graph.node.extend(kept[::-1])
    results = [o for o in graph.output if o.name in outputs]
    del graph.output[:]
    graph.output.extend(results)
