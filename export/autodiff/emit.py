"""From the reverse pass's nodes to a model: forward graph, gradient graph, one set of weights."""

from collections.abc import Sequence

import onnx
from onnx import helper

from export.autodiff.builder import Builder
from export.autodiff.path import needed, read_by
from export.autodiff.shapes import Shape, Tensor

IR_VERSION = 10  # the newest that ONNX Runtime 1.18 and later read


def assemble(
    b: Builder,
    inputs: Sequence[onnx.ValueInfoProto],
    defaults: Sequence[onnx.TensorProto],
    outputs: Sequence[str],
) -> onnx.ModelProto:
    """Build the model from the nodes that its outputs need.

    Args:
        b: holds the forward graph and what was emitted.
        inputs: the graph's inputs.
        defaults: initializers of inputs that may be left out.
        outputs: tensor names, in order.
    """
    nodes = needed([*b.graph.nodes, *b.nodes], outputs)
    used = {name for node in nodes for name in read_by(node)} | set(outputs)
    weights = {**b.graph.constants, **b.constants}
    graph = onnx.GraphProto(name="explain")
    graph.node.extend(nodes)
    graph.initializer.extend(w for name, w in weights.items() if name in used)
    graph.initializer.extend(defaults)
    graph.input.extend(inputs)
    graph.output.extend(_info(name, b.info(name)) for name in outputs)
    outer = set(outputs) | {i.name for i in inputs}
    made = [name for node in nodes for name in node.output if name and name not in outer]
    graph.value_info.extend(_info(n, b.tensors[n]) for n in made if n in b.tensors)
    domains = {node.domain for node in nodes} - {"", "ai.onnx"}
    opsets = [helper.make_opsetid("", b.graph.opset), *(helper.make_opsetid(d, 1) for d in domains)]
    model = onnx.ModelProto(ir_version=IR_VERSION, producer_name="glass-box")
    model.opset_import.extend(opsets)
    model.graph.CopyFrom(graph)
    return model


def _info(name: str, tensor: Tensor) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, tensor.dtype, _symbolic(tensor.shape))


def _symbolic(shape: Shape) -> list[int | str]:
    """Write dynamic axes as symbols: equal symbols are how ONNX Runtime proves equal sizes."""
    return [d if isinstance(d, int) else str(d) for d in shape]
