"""Guided Backprop (Springenberg et al. 2014, https://arxiv.org/abs/1412.6806, section 3.4).

At a ReLU only what is positive goes on, and only where the ReLU was open. ReLU6, any Clip from zero
and Max(x, 0) are ReLUs too. The paper has no rule for any other activation (nor has Captum): what
a GELU, a LeakyReLU, a Sigmoid or a Softmax hands on is its gradient. Where a network has no ReLU
at all, the result is the gradient.
"""

from export.autodiff.builder import Builder, Gradients, Rule
from export.autodiff.node import Node
from export.autodiff.rules import RULES
from export.autodiff.tables.table import Table, start_with_direction


def _guided(op_type: str) -> Rule:
    """Make the rule of an operator that may be a rectifier."""
    plain = RULES[op_type]

    def rule(b: Builder, node: Node, grad: str) -> Gradients:
        return plain(b, node, b.op("Relu", grad) if is_rectifier(b, node) else grad)

    return rule


def is_rectifier(b: Builder, node: Node) -> bool:
    """Whether a node is max(x, 0), with a ceiling or without."""
    match node.op_type:
        case "Relu":
            return True
        case "Clip":
            return _is_zero(b, node.input(1))
        case "Max":
            return len(node.inputs) == 2 and any(_is_zero(b, name) for name in node.inputs)
    return False


def _is_zero(b: Builder, name: str | None) -> bool:
    value = b.value(name)
    return value is not None and not value.any()


TABLE = Table(
    "Guided Backprop",
    {**RULES, **{op_type: _guided(op_type) for op_type in ("Relu", "Clip", "Max")}},
    start_with_direction,
)
