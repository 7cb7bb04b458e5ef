"""From an uploaded network to the graph of its gradients. Runs in the sandbox."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from export.autodiff import (
    Differentiated,
    UnsupportedGraph,
    UnsupportedOperator,
    differentiate,
)
from export.autodiff.deploy import create_explainer
from export.autodiff.layers import Shape
from onnx import helper, numpy_helper

from dashboard.uploads.inside.layers import choose_layer
from dashboard.uploads.inspection import GradientFacts

LOGITS, SCORE, GRADIENT = "logits", "score", "gradient"
TINY = 1e-12  # log(0) has no gradient

_PASSED = frozenset({"Reshape", "Flatten", "Squeeze", "Unsqueeze", "Identity", "Dropout", "Cast"})
_ADDED = "glass_box_scores"


def differentiate_upload(
    model: onnx.ModelProto, request: Mapping[str, Any]
) -> tuple[onnx.ModelProto | None, GradientFacts]:
    """Differentiate the class scores of a network; return the gradient graph, if there is one.

    ``request`` names the ``image`` input, its ``shape`` without the batch, the ``output`` and what
    that holds (``kind``: logits, log_probabilities, probabilities, or independent probabilities).
    ``model`` is changed: the caller undoes it.
    """
    image, output = str(request["image"]), str(request["output"])
    fix_shape(model.graph, image, request["shape"])
    _keep_output(model.graph, output)
    try:
        done, score = _differentiate_scores(model, image, output, str(request["kind"]))
        nodes, shapes = list(model.graph.node), _read_shapes(done.model)
        is_original = any(done.logits in node.output for node in nodes)
        layer = choose_layer(nodes, done.logits if is_original else output, shapes)
        if layer is None:
            return done.model, GradientFacts("")
        shape = shapes[layer]
        done = differentiate(model, image=image, score=score, wrt=(layer,))
    except UnsupportedOperator as error:
        return None, GradientFacts(operator=error.op_type, reason=str(error))
    except UnsupportedGraph as error:
        return None, GradientFacts(reason=str(error))
    sides = tuple(dim for dim in shape[1:] if dim is not None)
    return done.model, GradientFacts("", layer=layer, layer_shape=sides)


def create_rule_graph(
    model: onnx.ModelProto, request: Mapping[str, Any]
) -> tuple[onnx.ModelProto | None, GradientFacts]:
    """Return the graph of a backward pass by other rules, if these cover the network.

    ``request`` is that of ``differentiate_upload``, with the ``rules`` and how many ``columns`` the
    output has: one number z stands for the scores -z/2 and z/2. ``model`` is changed.
    """
    image, output = str(request["image"]), str(request["output"])
    fix_shape(model.graph, image, request["shape"])
    _keep_output(model.graph, output)
    try:
        done, score = _differentiate_scores(model, image, output, str(request["kind"]))
        if int(request["columns"]) == 1:
            score = _append_pair(model.graph, score or done.logits)
        explainer = create_explainer(model, str(request["rules"]), image=image, score=score)
    except UnsupportedOperator as error:
        return None, GradientFacts(operator=error.op_type, reason=str(error))
    except UnsupportedGraph as error:
        return None, GradientFacts(reason=str(error))
    return explainer.model, GradientFacts("")


def _differentiate_scores(
    model: onnx.ModelProto, image: str, output: str, kind: str
) -> tuple[Differentiated, str | None]:
    """Return the gradient graph, and the tensor that was differentiated (None: autodiff's choice).

    Probabilities are differentiated before their Softmax or Sigmoid, where it is found, else by
    their logarithms: where a class is certain, its probability hardly changes.
    """
    if kind == "independent":
        score = _find_before_sigmoid(model.graph, output) or _append_log_odds(model.graph, output)
        return differentiate(model, image=image, score=score), score
    if kind == "logits":
        return differentiate(model, image=image, score=output), output
    done = differentiate(model, image=image)
    if kind == "probabilities" and not done.at_logits:
        score = _append_log(model.graph, output)
        return differentiate(model, image=image, score=score), score
    return done, None


def fix_shape(graph: onnx.GraphProto, image: str, shape: Sequence[int]) -> None:
    """Fix all axes but the batch, which the gradient graph leaves open."""
    value = next(value for value in graph.input if value.name == image)
    for dim, size in zip(value.type.tensor_type.shape.dim[1:], shape, strict=True):
        dim.Clear()
        dim.dim_value = int(size)


def get_batch(graph: onnx.GraphProto) -> int:
    """Return how many images a graph takes at once, 1 where that is left open."""
    return max(1, int(graph.input[0].type.tensor_type.shape.dim[0].dim_value))


def _keep_output(graph: onnx.GraphProto, output: str) -> None:
    kept = next(value for value in graph.output if value.name == output)
    chosen = onnx.ValueInfoProto()
    chosen.CopyFrom(kept)
    del graph.output[:]
    graph.output.append(chosen)


def _find_before_sigmoid(graph: onnx.GraphProto, output: str) -> str | None:
    makers = {name: node for node in graph.node for name in node.output}
    node = makers.get(output)
    while node is not None and node.op_type in _PASSED:
        node = makers.get(node.input[0])
    return node.input[0] if node is not None and node.op_type == "Sigmoid" else None


def _append_pair(graph: onnx.GraphProto, source: str) -> str:
    """Make two scores (N, 2) of one number an image: -z/2 against the class and z/2 for it."""
    column, halves = np.array([-1, 1], np.int64), np.array([-0.5, 0.5], np.float32)
    for name, value in (("column", column), ("halves", halves)):
        graph.initializer.append(numpy_helper.from_array(value, f"{_ADDED}/{name}"))
    number, pair = f"{_ADDED}/number", f"{_ADDED}/pair"
    graph.node.append(helper.make_node("Reshape", [source, f"{_ADDED}/column"], [number]))
    graph.node.append(helper.make_node("Mul", [number, f"{_ADDED}/halves"], [pair]))
    return pair


def _append_log(graph: onnx.GraphProto, source: str, name: str = _ADDED) -> str:
    tiny = f"{name}/tiny"
    graph.initializer.append(numpy_helper.from_array(np.array(TINY, np.float32), tiny))
    graph.node.append(helper.make_node("Add", [source, tiny], [f"{name}/above_zero"]))
    graph.node.append(helper.make_node("Log", [f"{name}/above_zero"], [name]))
    return name


def _append_log_odds(graph: onnx.GraphProto, source: str) -> str:
    one = f"{_ADDED}/one"
    graph.initializer.append(numpy_helper.from_array(np.array(1, np.float32), one))
    graph.node.append(helper.make_node("Sub", [one, source], [f"{_ADDED}/rest"]))
    log = _append_log(graph, source, f"{_ADDED}/log")
    log_rest = _append_log(graph, f"{_ADDED}/rest", f"{_ADDED}/log_rest")
    graph.node.append(helper.make_node("Sub", [log, log_rest], [_ADDED]))
    return _ADDED


def _read_shapes(model: onnx.ModelProto) -> dict[str, Shape]:
    values = [*model.graph.value_info, *model.graph.output]
    return {value.name: _read_shape(value.type.tensor_type) for value in values}


def _read_shape(tensor: onnx.TypeProto.Tensor) -> Shape:
    return tuple(dim.dim_value if dim.HasField("dim_value") else None for dim in tensor.shape.dim)


def keep_forward(model: onnx.ModelProto) -> None:
    """Cut a gradient graph down, in place, to what computes the logits of the image.

    Predictions and gradients then come from the same nodes, and both take any number of images.
    """
    graph = model.graph
    wanted, kept = {LOGITS}, []
    for node in reversed(graph.node):
        if wanted.intersection(node.output):
            wanted.update(node.input)
            kept.append(node)
    nodes = [_copy_node(node) for node in reversed(kept)]
    del graph.node[:]
    graph.node.extend(nodes)
    for name in ("initializer", "input", "output"):
        values = getattr(graph, name)
        for index in reversed(range(len(values))):
            if values[index].name not in wanted:
                del values[index]


def _copy_node(node: onnx.NodeProto) -> onnx.NodeProto:
    copied = onnx.NodeProto()
    copied.CopyFrom(node)
    return copied
