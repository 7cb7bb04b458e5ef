"""The pass for any graph, not a classifier only: gradients of outputs weighted by cotangents.

This is reverse mode in its general form, a vector-Jacobian product. The pass for classifiers seeds
it with a one-hot row; tests of single operators seed it with whatever they like.
"""

from collections.abc import Sequence

import onnx
from onnx import helper

from export.autodiff.annotate import follow
from export.autodiff.builder import Builder
from export.autodiff.emit import assemble
from export.autodiff.path import find_path
from export.autodiff.prepare import load
from export.autodiff.reverse import ReversePass
from export.autodiff.shapes import Batch, Dim, Tensor


def pullback(model: onnx.ModelProto, outputs: Sequence[str], wrt: Sequence[str]) -> onnx.ModelProto:
    """Build the graph of ``sum over outputs of cotangent * d output / d wrt``.

    Args:
        model: any graph. A dimension without a value is the batch size, the same everywhere.
        outputs: the tensors to differentiate.
        wrt: the inputs to differentiate by.

    Returns:
        A graph with the inputs of ``model`` and, for every output T, its cotangent
        ``cotangent/T`` of the same shape; its outputs are ``outputs`` and ``gradient/X`` for every
        X of ``wrt``, zero where nothing depends on it.

    Raises:
        UnsupportedOperator: an operator on the path has no derivative; it is named.
        UnsupportedGraph: a shape on the path is not known before the graph runs.
    """
    graph = load(model)
    graph.tensors = {name: _describe(info) for name, info in graph.inputs.items()}
    follow(graph, set(wrt))
    path = frozenset().union(*(find_path(graph, wrt, output) for output in outputs))
    b = Builder(graph, path)
    cotangents = {name: f"cotangent/{name}" for name in outputs}
    b.tensors |= {c: Tensor(b.dtype(n), b.shape(n)) for n, c in cotangents.items()}
    reverse = ReversePass(b)
    reverse.run_all(cotangents)
    for name in wrt:
        b.name(reverse.gradient(name) or b.zeros_like(name), f"gradient/{name}")
    declared = [_declare(b, name) for name in (*graph.inputs, *cotangents.values())]
    return assemble(b, declared, [], [*outputs, *(f"gradient/{name}" for name in wrt)])


def _describe(info: onnx.ValueInfoProto) -> Tensor:
    tensor = info.type.tensor_type
    dims: list[Dim] = [
        d.dim_value if d.HasField("dim_value") else Batch() for d in tensor.shape.dim
    ]
    return Tensor(tensor.elem_type, tuple(dims))


def _declare(b: Builder, name: str) -> onnx.ValueInfoProto:
    dims = [d if isinstance(d, int) else str(d) for d in b.shape(name)]
    return helper.make_tensor_value_info(name, b.dtype(name), dims)
