"""Where the class scores are, and the scalar a sample whose gradient is taken."""

from dataclasses import dataclass

import numpy as np
import onnx

from export.autodiff.builder import Builder
from export.autodiff.errors import UnsupportedGraph
from export.autodiff.graph import Graph
from export.autodiff.node import view
from export.autodiff.shapes import Batch, Shape

PASSED = frozenset({"Reshape", "Flatten", "Squeeze", "Unsqueeze", "Identity", "Dropout"})
PROBABILITIES = frozenset({"Softmax", "LogSoftmax"})


@dataclass(frozen=True)
class Head:
    """The tensor that holds the class scores.

    Attributes:
        tensor: its name; shape (N, classes), with any number of axes of 1.
        classes: how many there are.
        at_logits: whether a Softmax that ends the model was left out.
    """

    tensor: str
    classes: int
    at_logits: bool


def find_head(graph: Graph, score: str | None) -> Head:
    """Find the class scores: the named tensor, or the model's output, before a final Softmax.

    Softmax saturates: where a class is certain its probability's gradient vanishes, and with it the
    explanation (Simonyan et al., 2014, differentiate the class score for this reason).
    """
    if score is not None:
        if score not in graph.tensors:
            raise UnsupportedGraph(
                f"the score {score!r} is not a tensor of the graph, or its shape is not known: "
                f"{graph.unknown.get(score, 'no node computes it')}"
            )
        return Head(score, _classes(graph, score), False)
    if len(graph.outputs) > 1:
        graph.notes.append(f"of the outputs {graph.outputs}, {graph.outputs[0]!r} is explained")
    output = graph.outputs[0]
    before = _before_probabilities(graph, output)
    if before is not None:
        graph.notes.append(
            f"the model ends in probabilities; it is differentiated at the logits, {before!r}"
        )
    head = before or output
    if head not in graph.tensors:
        raise UnsupportedGraph(f"the output {head!r}: {graph.unknown.get(head, 'unknown')}")
    return Head(head, _classes(graph, head), before is not None)


def _before_probabilities(graph: Graph, name: str) -> str | None:
    """Return the input of the Softmax that ends the model, or None if it does not end in one."""
    producers = graph.producers()
    while name in producers:
        node = producers[name]
        if node.op_type in PROBABILITIES and node.input[0] in graph.tensors:
            shape = graph.tensors[node.input[0]].shape
            axis = view(node, graph.opset).attributes["axis"]
            others = [d for i, d in enumerate(shape) if i != axis % len(shape)]
            return node.input[0] if others.count(1) == len(others) - 1 else None
        if node.op_type not in PASSED:
            return None
        name = node.input[0]
    return None


def _classes(graph: Graph, name: str) -> int:
    tensor = graph.tensors[name]
    shape = tensor.shape
    rest = [d for d in shape[1:] if d != 1]
    if not shape or shape[0] != Batch() or len(rest) > 1 or not tensor.is_float:
        raise UnsupportedGraph(
            f"{name!r} has shape {_readable(shape)}: class scores of shape (N, classes) are "
            "needed; name the tensor that holds them as the score"
        )
    classes = rest[0] if rest else 1
    if not isinstance(classes, int):
        raise UnsupportedGraph(f"{name!r} couples the samples of a batch: {_readable(shape)}")
    return classes


def _readable(shape: Shape) -> str:
    return "(" + ", ".join(str(d) for d in shape) + ")"


@dataclass(frozen=True)
class Seed:
    """The start of the reverse pass.

    Attributes:
        logits: (N, classes).
        score: (N,): logits[n, target[n]], less logits[n, versus[n]] where versus is a class.
        gradient: d score / d head, in the head's own shape.
    """

    logits: str
    score: str
    gradient: str


def emit_seed(b: Builder, head: Head, target: str, versus: str) -> Seed:
    """Emit the score and its gradient by the logits, which is one-hot.

    -1 is no class, so ``versus`` subtracts nothing by default.
    """
    logits = b.reshape(head.tensor, (Batch(), head.classes))
    classes = b.const(np.arange(head.classes, dtype=np.int64))
    chosen = _one_hot(b, target, classes, logits)  # (N, classes)
    everywhere = b.expand_like(versus, target)  # one class may serve all samples
    against = _one_hot(b, everywhere, classes, logits)  # (N, classes)
    direction = b.op("Sub", chosen, against)
    score = b.op("ReduceSum", b.op("Mul", logits, direction), [1], keepdims=0)
    return Seed(logits, score, b.reshape_like(direction, head.tensor))


def _one_hot(b: Builder, index: str, classes: str, like: str) -> str:
    hit = b.op("Equal", b.op("Unsqueeze", index, [1]), classes)
    return b.op("Cast", hit, to=b.dtype(like))


def index_input(name: str, length: str) -> onnx.ValueInfoProto:
    """Declare class indices, int64, of a symbolic length."""
    return onnx.helper.make_tensor_value_info(name, onnx.TensorProto.INT64, [length])
