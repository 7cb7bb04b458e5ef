"""Replace an operator by the parts it is made of, before anything is differentiated.

A recurrent layer or an Attention has no short derivative of its own, but is a composition of
operators that have one. What the forward pass computes for the parts, the gradient uses too.
"""

import onnx
from onnx import helper

from export.autodiff.builder import Builder
from export.autodiff.graph import Graph
from export.autodiff.node import view
from export.autodiff.rules import LOWERINGS


def lower(graph: Graph, proto: onnx.NodeProto) -> list[onnx.NodeProto] | None:
    """Return nodes that compute the same outputs, or None where the operator has no lowering.

    Args:
        graph: what is known of the node's inputs; the parts' constants are added to it.
        proto: the node; its outputs keep their names.

    Raises:
        UnsupportedOperator: the node cannot be written as its parts, and why.
    """
    if proto.domain not in ("", "ai.onnx") or proto.op_type not in LOWERINGS:
        return None
    node = view(proto, graph.opset)
    builder = Builder(graph, prefix=f"{node.name}/")
    builder.running(node)
    results = LOWERINGS[proto.op_type](builder, node)
    graph.constants.update(builder.constants)
    graph.tensors.update({name: builder.tensors[name] for name in builder.constants})
    named = zip(results, node.outputs, strict=True)
    return builder.nodes + [helper.make_node("Identity", [r], [o], name=o) for r, o in named if o]
