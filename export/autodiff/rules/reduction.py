"""Gradients of the reductions and of the running sum.

With y the reduced tensor, both broadcast back over the reduced axes, each gradient is
``dx = dy * f(x, y)``. Two conventions, both torch's: elements that tie for a maximum or a
minimum share the gradient equally, and a norm has gradient zero at the zero vector.
Operators: https://onnx.ai/onnx/operators/ (ReduceSum and its family, CumSum).
"""

import math
from collections.abc import Callable

import numpy as np

from export.autodiff.builder import Builder, Gradients, Rule
from export.autodiff.node import Node
from export.autodiff.rules.axes import cast_like, constant_ints, positive_axis, refuse_batch

# From (builder, x, y, dy, axes), y and dy with their reduced axes kept as ones, to dx, which may
# still have to be broadcast to the shape of x.
Slope = Callable[[Builder, str, str, str, list[int]], str]


def _sum(b: Builder, x: str, y: str, grad: str, axes: list[int]) -> str:
    """``dx = dy``."""
    return grad


def _mean(b: Builder, x: str, y: str, grad: str, axes: list[int]) -> str:
    """``dx = dy / count``."""
    return b.op("Mul", grad, 1 / max(math.prod(b.size(x, axis) for axis in axes), 1))


def _extreme(b: Builder, x: str, y: str, grad: str, axes: list[int]) -> str:
    """``dx = dy * (x == y) / (how many tie)``."""
    hits = cast_like(b, b.op("Equal", x, y), x)
    ties = _reduce(b, "ReduceSum", hits, axes)
    return b.op("Mul", hits, b.op("Div", grad, ties))


def _l1(b: Builder, x: str, y: str, grad: str, axes: list[int]) -> str:
    """``dx = dy * sign(x)``."""
    return b.op("Mul", grad, b.op("Sign", x))


def _l2(b: Builder, x: str, y: str, grad: str, axes: list[int]) -> str:
    """``dx = dy * x / y``, zero where y is."""
    safe = b.op("Max", y, float(np.finfo(np.float32).tiny))
    return b.op("Mul", x, b.op("Div", grad, safe))


def _sum_square(b: Builder, x: str, y: str, grad: str, axes: list[int]) -> str:
    """``dx = 2 x dy``."""
    return b.op("Mul", x, b.op("Mul", grad, 2.0))


def _log_sum(b: Builder, x: str, y: str, grad: str, axes: list[int]) -> str:
    """``dx = dy / sum(x)``."""
    return b.op("Div", grad, _reduce(b, "ReduceSum", x, axes))


def _log_sum_exp(b: Builder, x: str, y: str, grad: str, axes: list[int]) -> str:
    """``dx = dy * exp(x - y)``."""
    return b.op("Mul", grad, b.op("Exp", b.op("Sub", x, y)))


def _product(b: Builder, x: str, y: str, grad: str, axes: list[int]) -> str:
    """``dx = dy * (product of the others)``, right where x has zeros too.

    Zeros are replaced by ones in the product; an element whose *other* elements hold a zero has
    gradient zero, every other one the product divided by itself.
    """
    zero = b.op("Equal", x, 0.0)
    safe = b.op("Where", zero, b.const(1.0, like=x), x)
    is_zero = cast_like(b, zero, x)
    product = _reduce(b, "ReduceProd", safe, axes)
    other_zeros = b.op("Sub", _reduce(b, "ReduceSum", is_zero, axes), is_zero)
    alone = cast_like(b, b.op("Less", other_zeros, 0.5), x)
    return b.op("Mul", b.op("Mul", grad, alone), b.op("Div", product, safe))


def _reduce(b: Builder, op_type: str, x: str, axes: list[int]) -> str:
    return b.op(op_type, x, axes, keepdims=1, noop_with_empty_axes=1)


def _rule(slope: Slope) -> Rule:
    """Make the rule of one reduction out of its slope."""

    def rule(b: Builder, node: Node, grad: str) -> Gradients:
        x = node.inputs[0]
        axes = reduced_axes(b, node)
        refuse_batch(b, x, axes)
        y = node.outputs[0]
        if axes and not node.attributes["keepdims"]:
            grad, y = (b.op("Unsqueeze", name, axes) for name in (grad, y))
        return [b.expand_like(slope(b, x, y, grad, axes), x)]

    return rule


def reduced_axes(b: Builder, node: Node) -> list[int]:
    """Return the axes a reduction works over; none where it leaves every element by itself."""
    x = node.inputs[0]
    axes = constant_ints(b, node, 1, "axes")
    if axes:
        return sorted(positive_axis(b, x, axis) for axis in axes)
    return [] if node.attributes["noop_with_empty_axes"] else list(range(b.rank(x)))


def cum_sum(b: Builder, node: Node, grad: str) -> Gradients:
    """The sum of ``dy`` over the positions that x took part in: CumSum run backwards."""
    x, axis = node.inputs[:2]
    (chosen,) = constant_ints(b, node, 1, "axis") or [0]
    refuse_batch(b, x, [positive_axis(b, x, chosen)])
    backwards = 1 - node.attributes["reverse"]
    exclusive = node.attributes["exclusive"]
    return [b.op("CumSum", grad, axis, reverse=backwards, exclusive=exclusive)]


RULES: dict[str, Rule] = {
    "ReduceSum": _rule(_sum),
    "ReduceMean": _rule(_mean),
    "ReduceMax": _rule(_extreme),
    "ReduceMin": _rule(_extreme),
    "ReduceL1": _rule(_l1),
    "ReduceL2": _rule(_l2),
    "ReduceSumSquare": _rule(_sum_square),
    "ReduceLogSum": _rule(_log_sum),
    "ReduceLogSumExp": _rule(_log_sum_exp),
    "ReduceProd": _rule(_product),
    "CumSum": cum_sum,
}
