"""From a model as it was exported to a graph that the reverse pass can read."""

import onnx
from onnx import inliner, version_converter

from export.autodiff.annotate import annotate
from export.autodiff.errors import UnsupportedGraph
from export.autodiff.fusion import fuse
from export.autodiff.graph import Graph
from export.autodiff.shapes import FLOATS

OLDEST_OPSET = 18  # from here on the axes of every reduction are an input
KEPT_INLINE = 1024  # elements: larger weights are kept away from the version converter


def prepare(
    model: onnx.ModelProto, image: str | None, keep: frozenset[str], folder: str = ""
) -> Graph:
    """Load, convert, fold and annotate a model. The model given is left as it was.

    Args:
        model: an inference graph; its external data may lie unread in ``folder``.
        image: the input to differentiate by; None takes the only one.
        keep: tensors that no simplification may remove.
        folder: where external data lies.

    Raises:
        UnsupportedGraph: no input can be the image, or the model's versions are out of reach.
    """
    graph = load(model, folder)
    annotate(graph, choose_image(graph, image))
    fuse(graph, keep | set(graph.outputs))
    return graph


def load(model: onnx.ModelProto, folder: str = "") -> Graph:
    """Read a model into a ``Graph`` of an operator set that every rule knows."""
    if model.graph.sparse_initializer:
        raise UnsupportedGraph("the weights are sparse tensors: store them dense")
    weights = {w.name: w for w in model.graph.initializer}
    opset = _opset(model)
    if opset < OLDEST_OPSET or model.functions:
        model = _without_data(model)
        model = inliner.inline_local_functions(model) if model.functions else model
        model = _convert(model, opset)
        opset = _opset(model)
    graph = model.graph
    constants = {w.name: weights.get(w.name, w) for w in graph.initializer}
    constants |= {i.name: weights[i.name] for i in graph.input if i.name in weights}
    inputs = {i.name: i for i in graph.input if i.name not in constants}
    outputs = [o.name for o in graph.output]
    nodes = [_copy(node) for node in graph.node]  # the passes change nodes in place
    return Graph(nodes, constants, inputs, outputs, opset, folder)


def _copy(node: onnx.NodeProto) -> onnx.NodeProto:
    copy = onnx.NodeProto()
    copy.CopyFrom(node)
    return copy


def _opset(model: onnx.ModelProto) -> int:
    versions = [o.version for o in model.opset_import if o.domain in ("", "ai.onnx")]
    return max(versions, default=1)


def _without_data(model: onnx.ModelProto) -> onnx.ModelProto:
    """Copy a model in which the big weights are inputs: converting then moves no megabytes."""
    bare = onnx.ModelProto()
    bare.ir_version = max(model.ir_version, 8)
    bare.opset_import.extend(model.opset_import)
    bare.functions.extend(model.functions)
    graph = bare.graph
    graph.name = model.graph.name
    graph.node.extend(model.graph.node)
    graph.output.extend(model.graph.output)
    declared = {i.name for i in model.graph.input}
    graph.input.extend(model.graph.input)
    for weight in model.graph.initializer:
        inline = weight.data_location != onnx.TensorProto.EXTERNAL
        if inline and numpy_size(weight) <= KEPT_INLINE:
            graph.initializer.append(weight)
        elif weight.name not in declared:
            value = onnx.helper.make_tensor_value_info(weight.name, weight.data_type, weight.dims)
            graph.input.append(value)
    return bare


def numpy_size(weight: onnx.TensorProto) -> int:
    """Return the number of elements of an initializer without reading it."""
    size = 1
    for dim in weight.dims:
        size *= dim
    return size


def _convert(model: onnx.ModelProto, opset: int) -> onnx.ModelProto:
    if opset >= OLDEST_OPSET:
        return model
    try:
        return version_converter.convert_version(model, OLDEST_OPSET)
    except Exception as error:  # the converter raises RuntimeError subclasses of many names
        raise UnsupportedGraph(
            f"the model's operator set {opset} cannot be converted to {OLDEST_OPSET} ({error}): "
            f"export it again with opset {OLDEST_OPSET} or later"
        ) from error


def choose_image(graph: Graph, image: str | None) -> str:
    """Return the input that the gradient is taken by."""
    floats = [n for n, i in graph.inputs.items() if i.type.tensor_type.elem_type in FLOATS]
    if image is not None:
        if image not in floats:
            raise UnsupportedGraph(f"{image!r} is not a float input; these are: {floats}")
        return image
    if len(floats) != 1:
        raise UnsupportedGraph(
            f"the model must have one float input, it has {floats}: name the image's, "
            "and turn the others into constants"
        )
    return floats[0]


def read(path: str) -> onnx.ModelProto:
    """Read a model's structure; weights in a file beside it stay there."""
    try:
        return onnx.load(path, load_external_data=False)
    except OSError:
        raise
    except Exception as error:  # protobuf's own error type comes without type stubs
        raise UnsupportedGraph(f"{path} is not an ONNX model: {error}") from error
