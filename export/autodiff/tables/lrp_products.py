"""LRP through products: who of two factors is the gate, and who the signal."""

from export.autodiff.builder import Builder, Gradients, Rule
from export.autodiff.node import Node
from export.autodiff.rules import RULES
from export.autodiff.tables.lrp_layers import divide_by_output

# How surely an operator's output only opens and closes: bounded, and made for it.
GATES = {"Softmax": 2, "Sigmoid": 2, "HardSigmoid": 2, "Erf": 2, "Tanh": 1, "Clip": 1}
PASSED = frozenset(
    {"Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose", "Expand", "Identity", "Dropout"}
    | {"Cast", "Slice", "Gather", "Split", "Add", "Sub", "Mul", "Div", "GlobalAveragePool"}
)


def product(op_type: str) -> Rule:
    """Make the rule of Mul, MatMul, Gemm or Einsum.

    By constant weights it is a linear layer (Mul: a constant factor, which takes nothing). Of two
    activations the signal takes all where the other is a gate, else each takes half.
    """
    plain = RULES[op_type]

    def rule(b: Builder, node: Node, grad: str) -> Gradients:
        active = [i for i, name in enumerate(node.inputs) if b.needs_grad(name)]
        if op_type == "Mul" and len(active) == 1:
            (place,) = active
            everything = b.unbroadcast(grad, node.inputs[place])
            return [everything if i == place else None for i in range(2)]
        shares = plain(b, node, divide_by_output(b, grad, node))
        weights = _weigh(b, node, [i for i in active if not _is_summand(node, i)])
        return [
            b.op("Mul", b.op("Mul", name, share), weight) if share and weight else None
            for name, share, weight in zip(node.inputs, shares, weights, strict=False)
        ]

    return rule


def _is_summand(node: Node, place: int) -> bool:
    """Whether an input is added to the product: Gemm's third."""
    return node.op_type == "Gemm" and place == 2


def _weigh(b: Builder, node: Node, factors: list[int]) -> list[float]:
    """Return each input's part of the product's relevance; a summand has its own."""
    ranks = {i: rank_gate(b, node.inputs[i]) for i in factors}
    signals = [i for i in factors if ranks[i] == min(ranks.values())]
    parts = {i: 1.0 / len(signals) for i in signals}
    return [float(_is_summand(node, i)) or parts.get(i, 0.0) for i in range(len(node.inputs))]


def quotient(b: Builder, node: Node, grad: str) -> Gradients:
    """All to the numerator; to the denominator where only that depends on the picture."""
    x, y = node.inputs
    if b.needs_grad(x):
        return [b.unbroadcast(grad, x), None]
    return [None, b.unbroadcast(grad, y)]


def rank_gate(b: Builder, name: str) -> int:
    """Return how surely a tensor is a gate: 2, 1, or 0 for a signal.

    What a gate is made into by constants, by moving or by copying is one still.
    """
    proto = b.graph.producer(name)
    if proto is None:
        return 0
    if proto.op_type in GATES:
        return GATES[proto.op_type]
    if proto.op_type not in PASSED:
        return 0
    active = [each for each in proto.input if each and b.needs_grad(each)]
    return rank_gate(b, active[0]) if len(active) == 1 else 0
