"""Operators that have no derivative, and the nearest thing that the user can do."""

from export.autodiff.errors import UnsupportedOperator
from export.autodiff.graph import Graph
from export.autodiff.node import Node, view
from export.autodiff.path import find_path, read_by
from export.autodiff.rules import RULES
from export.autodiff.tables.table import Table

INSTEAD = {
    "If": "export the model with the condition fixed",
    "Loop": "export the model with the loop unrolled",
    "Scan": "export the model with the loop unrolled",
    "ArgMax": "it ends the gradient; name the tensor before it as the score",
    "TopK": "it picks by rank; name the tensor before it as the score",
    "NonMaxSuppression": "it picks by rank; name the tensor before it as the score",
}
QUANTISED = ("Quantize", "Dequantize", "QLinear", "ConvInteger", "MatMulInteger", "DynamicQuantize")


def refuse_operators(graph: Graph, image: str, score: str, table: Table) -> None:
    """Name the first operator that stands between the image and the score.

    Shapes are not needed: behind such an operator they are often unknown. A quantised graph is
    recognised here too; its path ends at the integers, where no gradient passes.

    Raises:
        UnsupportedOperator: there is one.
    """
    path = find_path(graph, [image], score)
    leading = _leading_to(graph, score)
    reached = {image}
    for proto in graph.nodes:
        if not any(name in reached for name in read_by(proto)):
            continue
        reached.update(proto.output)
        node = view(proto, graph.opset)
        if any(name in path for name in node.outputs):
            refuse_without_rule(node, table)
        if _is_quantised(node) and any(name in leading for name in node.outputs):
            raise UnsupportedOperator(node.op_type, node.name, _hint(node))


def _leading_to(graph: Graph, score: str) -> set[str]:
    wanted = {score}
    for node in reversed(graph.nodes):
        if any(name in wanted for name in node.output):
            wanted.update(read_by(node))
    return wanted


def refuse_without_rule(node: Node, table: Table) -> None:
    """Raise unless the operator has a rule in the table."""
    if node.domain == "" and node.op_type in table.rules:
        return
    if node.domain == "" and node.op_type in RULES:
        raise UnsupportedOperator(
            node.op_type, node.name, "there is no rule for it; use another method", table.doing
        )
    full = f"{node.domain}.{node.op_type}" if node.domain else node.op_type
    raise UnsupportedOperator(full, node.name, _hint(node))


def _is_quantised(node: Node) -> bool:
    return node.op_type.startswith(QUANTISED)


def _hint(node: Node) -> str:
    if _is_quantised(node):
        return "explain the float model it was made from, or use a perturbation method"
    if node.domain:
        return "it is not an ONNX operator; export the model without fused custom operators"
    default = "no rule; use a perturbation method, or name a score or image tensor beside it"
    return INSTEAD.get(node.op_type, default)
