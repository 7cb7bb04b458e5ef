"""Derivatives of the elementwise operators.

Where a derivative can be written with the output it is: the forward pass has the output already,
and the input of an activation need then not be kept, so that ONNX Runtime fuses Conv with its
activation. At a kink the derivative is the one-sided value that torch takes.
"""

import math

from export.autodiff.builder import Builder, Gradients, Rule
from export.autodiff.node import Node
from export.autodiff.rules.mask import masked_between


def _binary(b: Builder, node: Node, left: str | None, right: str | None) -> Gradients:
    """Un-broadcast the two gradients of a binary operator."""
    x, y = node.inputs
    return [left and b.unbroadcast(left, x), right and b.unbroadcast(right, y)]


def add(b: Builder, node: Node, grad: str) -> Gradients:
    """d(x + y) = dx + dy."""
    return _binary(b, node, grad, grad)


def sub(b: Builder, node: Node, grad: str) -> Gradients:
    """d(x - y) = dx - dy."""
    right = b.op("Neg", grad) if b.needs_grad(node.inputs[1]) else None
    return _binary(b, node, grad, right)


def mul(b: Builder, node: Node, grad: str) -> Gradients:
    """d(x y) = y dx + x dy."""
    x, y = node.inputs
    left = b.op("Mul", grad, y) if b.needs_grad(x) else None
    right = b.op("Mul", grad, x) if b.needs_grad(y) else None
    return _binary(b, node, left, right)


def div(b: Builder, node: Node, grad: str) -> Gradients:
    """d(x / y) = dx / y - (x / y) dy / y."""
    x, y = node.inputs
    left = b.op("Div", grad, y)
    right = None
    if b.needs_grad(y):
        right = b.op("Neg", b.op("Mul", left, node.outputs[0]))
    return _binary(b, node, left if b.needs_grad(x) else None, right)


def power(b: Builder, node: Node, grad: str) -> Gradients:
    """d(x^p) = p x^(p-1) dx + x^p log(x) dp, where the second term is zero at x = 0."""
    x, p = node.inputs
    left = right = None
    if b.needs_grad(x):
        left = b.op("Mul", grad, _power_slope(b, x, p))
    if b.needs_grad(p):
        positive = b.op("Greater", x, 0.0)
        safe = b.op("Where", positive, x, b.const(1.0, like=x))
        right = b.op("Mul", grad, b.op("Mul", node.outputs[0], b.op("Log", safe)))
    return _binary(b, node, left, right)


def _power_slope(b: Builder, x: str, p: str) -> str:
    exponent = b.value(p)
    if exponent is not None and exponent.size == 1:
        constant = float(exponent.reshape(()))
        if constant == 2.0:  # by far the most frequent exponent, and Pow is slow
            return b.op("Mul", x, 2.0)
        if constant == 0.0:
            return b.op("Mul", x, 0.0)
        return b.op("Mul", b.op("Pow", x, constant - 1.0), constant)
    exact = b.op("Cast", p, to=b.dtype(x))
    return b.op("Mul", exact, b.op("Pow", x, b.op("Sub", exact, 1.0)))


def neg(b: Builder, node: Node, grad: str) -> Gradients:
    """d(-x) = -dx."""
    return [b.op("Neg", grad)]


def absolute(b: Builder, node: Node, grad: str) -> Gradients:
    """d|x| = sign(x) dx, zero at 0."""
    return [b.op("Mul", grad, b.op("Sign", node.inputs[0]))]


def sqrt(b: Builder, node: Node, grad: str) -> Gradients:
    """d sqrt(x) = dx / (2 sqrt(x))."""
    return [b.op("Div", grad, b.op("Mul", node.outputs[0], 2.0))]


def exp(b: Builder, node: Node, grad: str) -> Gradients:
    """d e^x = e^x dx."""
    return [b.op("Mul", grad, node.outputs[0])]


def log(b: Builder, node: Node, grad: str) -> Gradients:
    """d log(x) = dx / x."""
    return [b.op("Div", grad, node.inputs[0])]


def reciprocal(b: Builder, node: Node, grad: str) -> Gradients:
    """d(1/x) = -dx / x^2."""
    y = node.outputs[0]
    return [b.op("Neg", b.op("Mul", grad, b.op("Mul", y, y)))]


def extreme(b: Builder, node: Node, grad: str) -> Gradients:
    """Min and Max: to the inputs that equal the result, in equal parts where several do."""
    y = node.outputs[0]
    hits = [b.op("Cast", b.op("Equal", x, y), to=b.dtype(y)) for x in node.inputs]
    share = b.op("Div", grad, b.total(hits)) if len(hits) > 1 else grad
    return [
        b.unbroadcast(b.op("Mul", share, hit), x) if b.needs_grad(x) else None
        for x, hit in zip(node.inputs, hits, strict=True)
    ]


def where(b: Builder, node: Node, grad: str) -> Gradients:
    """To the branch that was taken; the condition has no gradient."""
    condition, x, y = node.inputs
    left = b.masked(grad, condition) if b.needs_grad(x) else None
    right = b.masked(grad, b.op("Not", condition)) if b.needs_grad(y) else None
    return [None, left and b.unbroadcast(left, x), right and b.unbroadcast(right, y)]


def sum_of(b: Builder, node: Node, grad: str) -> Gradients:
    """Sum: the gradient to every input."""
    return [b.unbroadcast(grad, x) if b.needs_grad(x) else None for x in node.inputs]


def mean_of(b: Builder, node: Node, grad: str) -> Gradients:
    """Mean: an equal part of the gradient to every input."""
    return sum_of(b, node, b.op("Div", grad, float(len(node.inputs))))


def clip(b: Builder, node: Node, grad: str) -> Gradients:
    """Through where the output lies strictly inside the bounds, read from the output.

    Taking the mask from the output lets ONNX Runtime fuse Conv and Clip (the input is not kept).
    """
    x, low, high = node.inputs[0], node.input(1), node.input(2)
    y = node.outputs[0]
    masked = _clipped(b, grad, y, low, high) if b.needs_grad(x) else None
    below = low and b.needs_grad(low) and _bound(b, grad, b.op("Equal", y, low), low)
    above = high and b.needs_grad(high) and _bound(b, grad, b.op("Equal", y, high), high)
    return [masked, below or None, above or None]


def _clipped(b: Builder, grad: str, y: str, low: str | None, high: str | None) -> str:
    least, most = b.value(low), b.value(high)
    if (least is not None or not low) and (most is not None or not high):
        return masked_between(
            b,
            grad,
            y,
            None if least is None else float(least.reshape(())),
            None if most is None else float(most.reshape(())),
        )
    above = b.masked(grad, b.op("Greater", y, low)) if low else grad
    return b.masked(above, b.op("Less", y, high)) if high else above


def _bound(b: Builder, grad: str, condition: str, bound: str) -> str:
    return b.unbroadcast(b.masked(grad, condition), bound)


def erf(b: Builder, node: Node, grad: str) -> Gradients:
    """d erf(x) = 2/sqrt(pi) exp(-x^2) dx."""
    x = node.inputs[0]
    bell = b.op("Exp", b.op("Neg", b.op("Mul", x, x)))
    return [b.op("Mul", grad, b.op("Mul", bell, 2.0 / math.sqrt(math.pi)))]


def sin(b: Builder, node: Node, grad: str) -> Gradients:
    """d sin(x) = cos(x) dx."""
    return [b.op("Mul", grad, b.op("Cos", node.inputs[0]))]


def cos(b: Builder, node: Node, grad: str) -> Gradients:
    """d cos(x) = -sin(x) dx."""
    return [b.op("Neg", b.op("Mul", grad, b.op("Sin", node.inputs[0])))]


def step(b: Builder, node: Node, grad: str) -> Gradients:
    """Floor, Ceil, Round, Sign: flat almost everywhere."""
    return [None]


RULES: dict[str, Rule] = {
    "Add": add,
    "Sub": sub,
    "Mul": mul,
    "Div": div,
    "Pow": power,
    "Neg": neg,
    "Abs": absolute,
    "Sqrt": sqrt,
    "Exp": exp,
    "Log": log,
    "Reciprocal": reciprocal,
    "Min": extreme,
    "Max": extreme,
    "Where": where,
    "Sum": sum_of,
    "Mean": mean_of,
    "Clip": clip,
    "Erf": erf,
    "Sin": sin,
    "Cos": cos,
    "Floor": step,
    "Ceil": step,
    "Round": step,
    "Sign": step,
}
