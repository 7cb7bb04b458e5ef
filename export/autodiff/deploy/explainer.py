"""From a classifier to one graph that answers with logits and attributions."""

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from pathlib import Path

import onnx
from onnx import external_data_helper

from export.autodiff.deploy import (
    carried,
    deeplift,
    grad_cam,
    input_x_gradient,
    integrated_gradients,
    masked_gradients,
    saliency,
    smoothgrad,
)
from export.autodiff.deploy.graph_builder import (
    ATTRIBUTIONS,
    PREFIX,
    GraphBuilder,
    Options,
    fill,
)
from export.autodiff.deploy.layer import choose_layer
from export.autodiff.differentiate import BASELINE, LOGITS, Differentiated, differentiate
from export.autodiff.errors import UnsupportedGraph
from export.autodiff.tables import TABLES

METHODS: Mapping[str, Callable[[GraphBuilder, Options], str]] = {
    "saliency": saliency.emit,
    "input_x_gradient": input_x_gradient.emit,
    "integrated_gradients": integrated_gradients.emit,
    "smoothgrad": smoothgrad.emit,
    "masked_gradients": masked_gradients.emit,
    "grad_cam": grad_cam.emit,
    "guided_backprop": carried.emit,
    "deeplift": deeplift.emit,
    "lrp": carried.emit,
}
# Protobuf writes less than 2 GiB; room is left for nodes and shapes.
LARGEST_FILE = 2**31 - 2**26


@dataclass(frozen=True)
class Explainer:
    """A graph that explains.

    Attributes:
        model: inputs: the image (N, C, H, W); ``target``, int64 (N,); ``versus``, as the gradient
            graph's, may be left out, and so may ``baseline`` where there is one, unless it is
            required. Outputs:
            ``logits`` (N, classes) and ``attributions``, in the image's shape, or (N, 1, H, W)
            from Grad-CAM.
        method: one of ``METHODS``.
        options: with Grad-CAM's layer filled in.
        gradient: the gradient graph that it is built around.
    """

    model: onnx.ModelProto
    method: str
    options: Options
    gradient: Differentiated


def create_explainer(
    model: onnx.ModelProto,
    method: str,
    options: Options | None = None,
    *,
    image: str | None = None,
    score: str | None = None,
    folder: str = "",
    is_whole: bool = True,
) -> Explainer:
    """Build a graph of a method of attribution, self-contained unless its weights stay outside.

    Args:
        model: an ONNX classifier; it is not changed. External data may be unread.
        method: one of ``METHODS``.
        options: the method's own; None takes the defaults.
        image: the input to explain; None takes the only one.
        score: the tensor (N, classes) to explain; None takes the output, before a final Softmax.
        folder: where external data lies, if the model has some.
        is_whole: whether external data is taken in; else it stays where it is.

    Raises:
        UnsupportedGraph: as ``differentiate``; or the method or an option does not fit the model.
    """
    if method not in METHODS:
        raise UnsupportedGraph(f"there is no method {method!r}; these are: {', '.join(METHODS)}")
    chosen, layers = options or Options(), []
    if method == "grad_cam":
        layers = [chosen.layer or choose_layer(model, image, score, folder)]
        chosen = replace(chosen, layer=layers[0])
    table = method if method in TABLES else "gradient"
    gradient = differentiate(
        model, image, score, layers, folder=folder, table=table, baseline=chosen.baseline
    )
    return wrap(gradient, method, chosen, folder, is_whole)


def wrap(
    gradient: Differentiated,
    method: str,
    options: Options,
    folder: str = "",
    is_whole: bool = True,
) -> Explainer:
    """Build a method's graph around a gradient graph whose external data lies in ``folder``."""
    s = GraphBuilder(gradient)
    _refuse_taken(s, {BASELINE} if TABLES[gradient.table].has_reference else set())
    s.op("Identity", METHODS[method](s, options), name=ATTRIBUTIONS)
    in_a_loop = any(LOGITS in node.output for node in s.nodes)
    model = onnx.ModelProto()
    model.CopyFrom(gradient.model)
    model.graph.Clear()
    graph = model.graph
    graph.name = method
    graph.input.extend([*s.source.input, *s.inputs])
    graph.output.extend([s.info(LOGITS, LOGITS), s.info(ATTRIBUTIONS, s.image)])
    if method == "grad_cam":
        for dim, size in zip(
            graph.output[1].type.tensor_type.shape.dim[1:], (1, *s.picture_size), strict=True
        ):
            dim.dim_value = size
    fill(graph, s.nodes if in_a_loop else [*s.source.node, *s.nodes], s.source)
    graph.initializer.extend(_choose_defaults(s, options.required))
    if is_whole:
        external_data_helper.load_external_data_for_model(model, folder)
    return Explainer(model, method, options, gradient)


def _choose_defaults(s: GraphBuilder, required: Sequence[str]) -> list[onnx.TensorProto]:
    """Return the builder's constants and the defaults of inputs that may be left out."""
    given = {i.name for i in (*s.source.input, *s.inputs)}
    values = [*(w for w in s.source.initializer if w.name in given), *s.constants]
    optional = sorted(w.name for w in values if w.name in given)
    unknown = sorted(set(required) - set(optional))
    if unknown:
        raise UnsupportedGraph(f"these are not optional inputs: {unknown}; these are: {optional}")
    return [w for w in values if w.name not in required]


def _refuse_taken(s: GraphBuilder, own: Set[str]) -> None:
    names = {i.name for i in (*s.source.input, *s.source.initializer)}
    names.update(name for node in s.source.node for name in node.output)
    taken = sorted(n for n in names - own if n in (ATTRIBUTIONS, BASELINE) or n.startswith(PREFIX))
    if taken:
        raise UnsupportedGraph(f"these names are the explainer's own: {taken}; rename them")


def write_explainer(explainer: Explainer, path: str | Path, limit: int = LARGEST_FILE) -> None:
    """Write the graph and check it in full.

    Args:
        explainer: its model's weights are moved out of memory if they go to a file of their own.
        path: the file; above ``limit`` bytes the weights go beside it, to its name + ``.weights``.
        limit: the largest file that is written in one piece.
    """
    whole = Path(path)
    beside = whole.with_name(f"{whole.name}.weights")
    beside.unlink(missing_ok=True)  # onnx would append to it
    is_large = _count_bytes(explainer.model.graph) > limit
    onnx.save_model(
        explainer.model, str(whole), save_as_external_data=is_large, location=beside.name
    )
    onnx.checker.check_model(str(whole), full_check=True)


def _count_bytes(graph: onnx.GraphProto) -> int:
    """Return the size of the weights, those in bodies of loops among them."""
    inner = (a.g for node in graph.node for a in node.attribute if a.HasField("g"))
    own: int = sum(w.ByteSize() for w in graph.initializer)
    return own + sum(map(_count_bytes, inner))
