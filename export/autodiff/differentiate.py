"""The whole pass: an inference graph in, the same graph with its input gradient out."""

from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper

from export.autodiff.builder import Builder
from export.autodiff.emit import assemble
from export.autodiff.errors import UnsupportedGraph
from export.autodiff.graph import Graph
from export.autodiff.path import find_path
from export.autodiff.prepare import choose_image, prepare, read
from export.autodiff.reference import add_reference
from export.autodiff.refusal import refuse_operators
from export.autodiff.reverse import ReversePass, Step
from export.autodiff.score import Seed, emit_seed, find_head, index_input
from export.autodiff.shapes import Batch, Tensor
from export.autodiff.tables import TABLES

TARGET, VERSUS, BASELINE = "target", "versus", "baseline"
LOGITS, SCORE, GRADIENT = "logits", "score", "gradient"
RESERVED = frozenset({TARGET, VERSUS, LOGITS, SCORE, GRADIENT})
RENAMED = "/original"


@dataclass(frozen=True)
class Differentiated:
    """A graph with its gradient.

    Attributes:
        model: inputs: the image; ``target``, int64 (N,); ``versus``, int64 (N,) or (1,), which may
            be left out. Outputs: ``logits`` (N, classes); ``score`` (N,), the target's logit, less
            that of ``versus``; ``gradient``, d score / d image; then for each tensor T of ``wrt``
            T itself and ``gradient/T``. By another table than the gradient's, ``gradient`` is what
            that table carries to the image, and one that compares two runs has a further input,
            ``baseline``, of any shape that broadcasts to the image's, which may be left out.
        image: the image input's name.
        logits: the tensor of the original graph that holds the class scores.
        at_logits: whether a final Softmax was left out.
        operators: how often each operator lies on the path from the image to the score.
        notes: sentences for the user on what was done to the graph.
        table: by whose rules the pass went back.
        steps: the nodes that it passed, in that order.
    """

    model: onnx.ModelProto
    image: str
    logits: str
    at_logits: bool
    operators: Mapping[str, int]
    notes: tuple[str, ...]
    table: str = "gradient"
    steps: tuple[Step, ...] = ()


def differentiate(
    model: onnx.ModelProto,
    image: str | None = None,
    score: str | None = None,
    wrt: Sequence[str] = (),
    *,
    folder: str = "",
    table: str = "gradient",
    baseline: float = 0.0,
) -> Differentiated:
    """Add to an inference graph the gradient of a class score by the image.

    Args:
        model: an ONNX classifier; it is not changed. External data may be unread.
        image: the input to differentiate by; None takes the only one.
        score: the tensor (N, classes) to explain; None takes the output, before a final Softmax.
        wrt: further tensors whose gradient is wanted, for Grad-CAM or attention gradients.
        folder: where external data lies, if the model has some.
        table: one of ``TABLES``: by whose rules the pass goes back.
        baseline: the value of every pixel of the default baseline, if the table compares two runs.

    Returns:
        The gradient graph, with shapes for every tensor and the batch size dynamic.

    Raises:
        UnsupportedOperator: an operator on the path has no derivative; it is named.
        UnsupportedGraph: the graph cannot be differentiated as a whole.
    """
    graph = prepare(model, image, frozenset([*wrt, *([score] if score else [])]), folder)
    name = choose_image(graph, image)
    rules = TABLES[table]
    reserved = RESERVED | {BASELINE} if rules.has_reference else RESERVED
    _refuse_unknown(graph, wrt, reserved)
    refuse_operators(graph, name, score or graph.outputs[0], rules)
    head = find_head(graph, _free_names(graph, score, reserved))
    path = find_path(graph, [name, *wrt], head.tensor)
    b = Builder(graph, path)
    b.doing = b.doing if table == "gradient" else rules.doing
    declared = _declare_indices(b)
    seed = emit_seed(b, head, *(i.name for i in declared))
    defaults = [numpy_helper.from_array(np.array([-1], np.int64), VERSUS)]
    if rules.has_reference:
        declared.append(_declare_baseline(b, name))
        defaults.append(_default_baseline(b, name, baseline))
        add_reference(b, name, b.expand_like(BASELINE, name))
    reverse = ReversePass(b, rules)
    reverse.run(head.tensor, rules.start(b, seed, head))
    outputs = _name_outputs(b, reverse, seed, name, wrt)
    inputs = [*graph.inputs.values(), *declared]
    explained = assemble(b, inputs, defaults, outputs)
    counts = Counter(n.op_type for n in graph.nodes if any(o in path for o in n.output))
    return Differentiated(
        explained,
        name,
        head.tensor.removesuffix(RENAMED),
        head.at_logits,
        dict(counts),
        tuple(graph.notes),
        table,
        tuple(reverse.steps),
    )


def _refuse_unknown(graph: Graph, wrt: Sequence[str], reserved: Set[str]) -> None:
    for name in wrt:
        if name not in graph.tensors:
            raise UnsupportedGraph(f"{name!r} is not a tensor of the graph")
    taken = sorted(reserved & {*graph.inputs, *graph.constants, *wrt})
    if taken:
        raise UnsupportedGraph(f"these names are the gradient graph's own: {taken}; rename them")


def _free_names(graph: Graph, score: str | None, reserved: Set[str]) -> str | None:
    """Rename tensors that bear a name of the result; return the score's name after that."""
    made = {o for node in graph.nodes for o in node.output}
    for name in sorted(reserved & made):
        _rename(graph, name, f"{name}{RENAMED}")
    return f"{score}{RENAMED}" if score in reserved & made else score


def _rename(graph: Graph, old: str, new: str) -> None:
    """Rename a tensor of the forward graph, everywhere."""
    for node in graph.nodes:
        node.input[:] = [new if i == old else i for i in node.input]
        node.output[:] = [new if o == old else o for o in node.output]
    graph.outputs = [new if o == old else o for o in graph.outputs]
    if old in graph.tensors:
        graph.tensors[new] = graph.tensors.pop(old)


def _declare_indices(b: Builder) -> list[onnx.ValueInfoProto]:
    """Declare ``target``, one class a sample, and ``versus``, one a sample or one for all."""
    b.tensors[TARGET] = Tensor(TensorProto.INT64, (Batch(),))
    b.tensors[VERSUS] = Tensor(TensorProto.INT64, (1,))
    return [index_input(TARGET, "N"), index_input(VERSUS, "V")]


def _declare_baseline(b: Builder, image: str) -> onnx.ValueInfoProto:
    """Declare the picture of the second run, of any shape that broadcasts to the image's."""
    rank = b.rank(image)
    b.tensors[BASELINE] = Tensor(b.dtype(image), (1,) * rank)
    dims = [f"{BASELINE}_{axis}" for axis in range(rank)]
    return onnx.helper.make_tensor_value_info(BASELINE, b.dtype(image), dims)


def _default_baseline(b: Builder, image: str, value: float) -> TensorProto:
    dtype = onnx.helper.tensor_dtype_to_np_dtype(b.dtype(image))
    return numpy_helper.from_array(np.full((1,) * b.rank(image), value, dtype), BASELINE)


def _name_outputs(
    b: Builder, reverse: ReversePass, seed: Seed, image: str, wrt: Sequence[str]
) -> list[str]:
    """Give the results their public names."""
    results = {LOGITS: seed.logits, SCORE: seed.score}
    for public, tensor in [(GRADIENT, image), *((f"{GRADIENT}/{t}", t) for t in wrt)]:
        gradient = reverse.gradient(tensor)
        if gradient is None:
            raise UnsupportedGraph(f"the score does not depend on {tensor!r}")
        if public != GRADIENT:
            results[tensor] = tensor
        results[public] = gradient
    for public, tensor in results.items():
        if public != tensor:
            b.name(tensor, public)
    return list(results)


def differentiate_file(
    predict_path: str | Path,
    explain_path: str | Path,
    image: str | None = None,
    score: str | None = None,
    wrt: Sequence[str] = (),
) -> Differentiated:
    """Differentiate a model file; the result reads the same weights file.

    Args:
        predict_path: the model. Its external data, if any, is not read into memory.
        explain_path: where the gradient graph is written. It must lie beside ``predict_path`` if
            that has external data: both then share the file, and only new constants are inline.
        image: as for ``differentiate``.
        score: as for ``differentiate``.
        wrt: as for ``differentiate``.

    Raises:
        UnsupportedGraph: as ``differentiate``; or the two files would not share their weights.
    """
    source, result = Path(predict_path), Path(explain_path)
    model = read(str(source))
    external = any(w.data_location == TensorProto.EXTERNAL for w in model.graph.initializer)
    if external and source.resolve().parent != result.resolve().parent:
        raise UnsupportedGraph("a model with external data is differentiated beside its weights")
    done = differentiate(model, image, score, wrt, folder=str(source.parent))
    onnx.save_model(done.model, str(result))
    onnx.checker.check_model(str(result), full_check=True)
    return done
