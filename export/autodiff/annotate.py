"""What is known of every tensor: shapes under a dynamic batch, and constants folded on the way."""

from collections import deque
from collections.abc import Set

import onnx
from onnx import numpy_helper

from export.autodiff.errors import UnsupportedGraph
from export.autodiff.functions import expand
from export.autodiff.graph import Graph, constant_tensor
from export.autodiff.lower import lower
from export.autodiff.repair import repair
from export.autodiff.rules import RULES
from export.autodiff.shapes import Array, Batch, Dim, Tensor, infer

BATCH_SYMBOL = "N"
WITH_SUBGRAPH = frozenset({"If", "Loop", "Scan", "SequenceMap"})


def annotate(graph: Graph, image: str) -> None:
    """Infer every tensor, fold constants, expand operators without a rule, repair baked batches.

    Args:
        graph: changed in place: ``nodes``, ``constants``, ``tensors``, ``unknown``, ``inputs``.
        image: the input whose first axis is the batch.

    Raises:
        UnsupportedGraph: the image's axes other than the batch are not fixed.
    """
    for name in graph.inputs:
        graph.tensors[name] = _input(graph, name, image)
    follow(graph, {image})


def follow(graph: Graph, sources: Set[str]) -> None:
    """Do what ``annotate`` does after its inputs are described: every node, in order.

    Args:
        graph: changed in place; ``tensors`` holds its inputs.
        sources: the tensors to differentiate by.
    """
    graph.tensors |= {n: constant_tensor(p, graph.folder) for n, p in graph.constants.items()}
    depends = set(sources)
    waiting, done = deque(graph.nodes), []
    while waiting:
        node = waiting.popleft()
        on_path = any(name in depends for name in node.input)
        if on_path and node.op_type not in RULES:
            body = lower(graph, node) or expand(node, graph.tensors, graph.opset)
            if body is not None:
                waiting.extendleft(reversed(body))
                continue
        added = repair(graph, node) if on_path else []
        for piece in [*added, node]:
            if _describe(graph, piece):
                continue  # folded
            done.append(piece)
            if on_path:
                depends.update(name for name in piece.output if _may_carry(graph, name))
    graph.nodes = done


def _may_carry(graph: Graph, name: str) -> bool:
    tensor = graph.tensors.get(name)
    return bool(name) and (tensor is None or tensor.is_float)


def _input(graph: Graph, name: str, image: str) -> Tensor:
    """Describe an input, and give its declaration the symbolic batch."""
    declared = onnx.ValueInfoProto()
    declared.CopyFrom(graph.inputs[name])
    graph.inputs[name] = declared
    tensor = declared.type.tensor_type
    dims: list[Dim] = []
    for axis, dim in enumerate(tensor.shape.dim):
        if name == image and axis == 0:
            dim.Clear()
            dim.dim_param = BATCH_SYMBOL
        if dim.HasField("dim_value"):
            dims.append(dim.dim_value)
        elif axis == 0:
            dim.dim_param = BATCH_SYMBOL
            dims.append(Batch())
        else:
            raise UnsupportedGraph(
                f"axis {axis} of the input {name!r} is not fixed: only the batch may vary; "
                "export the model for one image size"
            )
    if name == image and len(dims) < 2:
        raise UnsupportedGraph(f"the input {name!r} needs a batch axis and at least one more")
    return Tensor(tensor.elem_type, tuple(dims))


def _describe(graph: Graph, node: onnx.NodeProto) -> bool:
    """Infer a node's outputs; return whether it was folded into constants."""
    try:
        outputs = _infer(graph, node)
    except UnsupportedGraph as error:
        for name in node.output:
            graph.unknown[name] = str(error)
        return False
    named = dict(zip([n for n in node.output if n], outputs, strict=True))
    graph.tensors.update(named)
    if not _is_foldable(graph, named):
        return False
    for name, tensor in named.items():
        assert tensor.values is not None
        graph.constants[name] = numpy_helper.from_array(_contiguous(tensor.values[0]), name)
    return True


def _contiguous(value: Array) -> Array:
    return value.copy(order="C")


def _infer(graph: Graph, node: onnx.NodeProto) -> list[Tensor]:
    if node.op_type in WITH_SUBGRAPH:
        raise UnsupportedGraph(f"it comes from {node.op_type}")
    missing = next((n for n in node.input if n and n not in graph.tensors), None)
    if missing is not None:
        raise UnsupportedGraph(graph.unknown.get(missing, f"{missing!r} is not defined"))
    return infer(node, {n: graph.tensors[n] for n in node.input if n}, graph.opset)


def _is_foldable(graph: Graph, outputs: dict[str, Tensor]) -> bool:
    known = all(t.values is not None and t.is_static for t in outputs.values())
    return known and not any(name in graph.outputs for name in outputs)
