"""Derivatives of the activations.

Where a derivative can be written with the output it is: the forward pass has the output already,
and the input of an activation need then not be kept, so that ONNX Runtime fuses Conv with its
activation. At a kink the derivative is the one-sided value that torch takes.
"""

import math

from export.autodiff.builder import Builder, Gradients, Rule
from export.autodiff.node import Node
from export.autodiff.rules.mask import masked_between


def relu(b: Builder, node: Node, grad: str) -> Gradients:
    """Through where the output is positive."""
    return [masked_between(b, grad, node.outputs[0], 0.0, None)]


def leaky_relu(b: Builder, node: Node, grad: str) -> Gradients:
    """Slope 1 above zero, alpha below, read from the input: alpha may be negative."""
    positive = b.op("Greater", node.inputs[0], 0.0)
    return [b.op("Mul", grad, _either(b, grad, positive, 1.0, float(node.attributes["alpha"])))]


def _either(b: Builder, like: str, condition: str, yes: float, no: float) -> str:
    """Return one of two numbers an element, as ``no + (yes - no) * condition``."""
    chosen = b.op("Cast", condition, to=b.dtype(like))
    return b.op("Add", b.op("Mul", chosen, yes - no), no)


def prelu(b: Builder, node: Node, grad: str) -> Gradients:
    """Slope 1 above zero and ``slope`` below; d slope = x below zero."""
    x, slope = node.inputs
    positive = b.op("Greater", x, 0.0)
    to_x = to_slope = None
    if b.needs_grad(x):
        negative = b.op("Mul", b.masked(grad, b.op("Not", positive)), slope)
        to_x = b.op("Add", b.masked(grad, positive), negative)
    if b.needs_grad(slope):
        below = b.op("Min", x, b.const(0.0, like=x))
        to_slope = b.unbroadcast(b.op("Mul", grad, below), slope)
    return [to_x, to_slope]


def elu(b: Builder, node: Node, grad: str) -> Gradients:
    """1 above zero, alpha e^x = y + alpha below."""
    x, y = node.inputs[0], node.outputs[0]
    alpha = float(node.attributes["alpha"])
    below = b.op("Add", y, alpha)
    return [_piecewise(b, grad, b.op("Greater", x, 0.0), 1.0, below)]


def selu(b: Builder, node: Node, grad: str) -> Gradients:
    """Gamma above zero, gamma alpha e^x = y + gamma alpha below (Klambauer et al., 2017)."""
    x, y = node.inputs[0], node.outputs[0]
    alpha, gamma = float(node.attributes["alpha"]), float(node.attributes["gamma"])
    below = b.op("Add", y, gamma * alpha)
    return [_piecewise(b, grad, b.op("Greater", x, 0.0), gamma, below)]


def celu(b: Builder, node: Node, grad: str) -> Gradients:
    """1 above zero, e^(x / alpha) below."""
    x = node.inputs[0]
    below = b.op("Exp", b.op("Div", b.op("Min", x, b.const(0.0, like=x)), node.attributes["alpha"]))
    return [_piecewise(b, grad, b.op("Greater", x, 0.0), 1.0, below)]


def _piecewise(b: Builder, grad: str, above: str, slope: float, below: str) -> str:
    return b.op("Mul", grad, b.op("Where", above, b.const(slope, like=grad), below))


def softplus(b: Builder, node: Node, grad: str) -> Gradients:
    """D log(1 + e^x) = sigmoid(x) dx."""
    return [b.op("Mul", grad, b.op("Sigmoid", node.inputs[0]))]


def softsign(b: Builder, node: Node, grad: str) -> Gradients:
    """D x / (1 + |x|) = dx / (1 + |x|)^2."""
    below = b.op("Add", b.op("Abs", node.inputs[0]), 1.0)
    return [b.op("Div", grad, b.op("Mul", below, below))]


def sigmoid(b: Builder, node: Node, grad: str) -> Gradients:
    """D y = y (1 - y) dx."""
    y = node.outputs[0]
    return [b.op("Mul", grad, b.op("Mul", y, b.op("Sub", b.const(1.0, like=y), y)))]


def tanh(b: Builder, node: Node, grad: str) -> Gradients:
    """D y = (1 - y^2) dx."""
    y = node.outputs[0]
    return [b.op("Mul", grad, b.op("Sub", b.const(1.0, like=y), b.op("Mul", y, y)))]


def hard_sigmoid(b: Builder, node: Node, grad: str) -> Gradients:
    """Alpha where the output lies strictly between 0 and 1."""
    y, alpha = node.outputs[0], float(node.attributes["alpha"])
    inside = b.op("And", b.op("Greater", y, 0.0), b.op("Less", y, 1.0))
    return [b.op("Mul", b.masked(grad, inside), alpha)]


def hard_swish(b: Builder, node: Node, grad: str) -> Gradients:
    """X h(x) with h = clip(x / 6 + 1/2, 0, 1): h + x / 6 inside (Howard et al., 2019)."""
    x = node.inputs[0]
    gate = b.op("HardSigmoid", x, alpha=1.0 / 6.0, beta=0.5)
    inside = b.op("And", b.op("Greater", x, -3.0), b.op("Less", x, 3.0))
    slope = b.op("Add", gate, b.masked(b.op("Mul", x, 1.0 / 6.0), inside))
    return [b.op("Mul", grad, slope)]


def mish(b: Builder, node: Node, grad: str) -> Gradients:
    """X t with t = tanh(softplus(x)): t + x (1 - t^2) sigmoid(x) (Misra, 2019)."""
    x = node.inputs[0]
    t = b.op("Tanh", b.op("Softplus", x))
    bend = b.op("Sub", b.const(1.0, like=x), b.op("Mul", t, t))
    slope = b.op("Add", t, b.op("Mul", b.op("Mul", x, bend), b.op("Sigmoid", x)))
    return [b.op("Mul", grad, slope)]


def swish(b: Builder, node: Node, grad: str) -> Gradients:
    """X s with s = sigmoid(alpha x): s + alpha y (1 - s) (Ramachandran et al., 2017)."""
    x, y = node.inputs[0], node.outputs[0]
    alpha = float(node.attributes["alpha"])
    s = b.op("Sigmoid", b.op("Mul", x, alpha))
    rest = b.op("Mul", y, b.op("Sub", b.const(1.0, like=x), s))
    return [b.op("Mul", grad, b.op("Add", s, b.op("Mul", rest, alpha)))]


def thresholded_relu(b: Builder, node: Node, grad: str) -> Gradients:
    """Through where the input is above alpha."""
    return [b.masked(grad, b.op("Greater", node.inputs[0], float(node.attributes["alpha"])))]


def gelu(b: Builder, node: Node, grad: str) -> Gradients:
    """X cdf(x): cdf + x pdf, exact or by tanh (Hendrycks and Gimpel, 2016)."""
    x = node.inputs[0]
    if node.attributes["approximate"] == "tanh":
        return [b.op("Mul", grad, _gelu_tanh_slope(b, x))]
    cdf = b.op("Add", b.op("Mul", b.op("Erf", b.op("Mul", x, math.sqrt(0.5))), 0.5), 0.5)
    bell = b.op("Exp", b.op("Mul", b.op("Mul", x, x), -0.5))
    pdf = b.op("Mul", b.op("Mul", x, bell), 1.0 / math.sqrt(2.0 * math.pi))
    return [b.op("Mul", grad, b.op("Add", cdf, pdf))]


def _gelu_tanh_slope(b: Builder, x: str) -> str:
    """(1 + t) / 2 + x (1 - t^2) u' / 2 with t = tanh(u), u = c (x + 0.044715 x^3)."""
    c = math.sqrt(2.0 / math.pi)
    square = b.op("Mul", x, x)
    inner = b.op("Mul", x, b.op("Add", b.op("Mul", square, 0.044715 * c), c))
    t = b.op("Tanh", inner)
    bend = b.op("Sub", b.const(1.0, like=x), b.op("Mul", t, t))
    slope = b.op("Add", b.op("Mul", square, 3.0 * 0.044715 * c), c)
    curved = b.op("Mul", b.op("Mul", x, bend), slope)
    return b.op("Mul", b.op("Add", b.op("Add", t, 1.0), curved), 0.5)


RULES: dict[str, Rule] = {
    "Relu": relu,
    "LeakyRelu": leaky_relu,
    "PRelu": prelu,
    "Elu": elu,
    "Selu": selu,
    "Celu": celu,
    "Softplus": softplus,
    "Softsign": softsign,
    "Sigmoid": sigmoid,
    "Tanh": tanh,
    "HardSigmoid": hard_sigmoid,
    "HardSwish": hard_swish,
    "Mish": mish,
    "Swish": swish,
    "ThresholdedRelu": thresholded_relu,
    "Gelu": gelu,
}
