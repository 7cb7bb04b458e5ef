"""DeepLIFT through softmax and the layers that normalise, by their parts.

Normalising: with c = x - mean(x), v = mean(c^2) + epsilon and r = 1 / sqrt(v), the output is
scale * c * r. Product, root and square have multipliers of their own, so that with h = scale * m

    m_v = sum(h (c + c') / 2) * (r - r') / (v - v'),   (r - r') / (v - v') = -(r r')^2 / (r + r')
    m_c = h (r + r') / 2 + m_v (c + c') / count,       m_x = m_c - mean(m_c)

Softmax: y = exp(u) with u = x - L and L = log sum exp(x). By its parts e = exp(x), s = sum(e),
L = log(s), the multiplier of L by x_i is (e_i - e_i') / (x_i - x_i') * (L - L') / (s - s').
"""

import math

from export.autodiff.builder import Builder, Gradients, Rule
from export.autodiff.node import Node
from export.autodiff.rules.axes import positive_axis, refuse_batch
from export.autodiff.tables.quotient import divide, divide_by_change


def softmax(b: Builder, node: Node, grad: str) -> Gradients:
    """Through the exponential of the log-probabilities, then through those."""
    x, y, axis = node.inputs[0], node.outputs[0], _axis(b, node)
    u, other = (b.op("LogSoftmax", name, axis=axis) for name in (x, b.reference(x)))
    change = b.op("Mul", grad, b.op("Sub", y, b.reference(y)))
    through_exp = divide(b, change, b.op("Sub", u, other), b.op("Mul", grad, y))
    return [_through_log_sum(b, x, through_exp, axis)]


def log_softmax(b: Builder, node: Node, grad: str) -> Gradients:
    """Through x - L."""
    return [_through_log_sum(b, node.inputs[0], grad, _axis(b, node))]


def _through_log_sum(b: Builder, x: str, grad: str, axis: int) -> str:
    """Return m_i - sum(m) * (multiplier of L by x_i)."""
    other = b.reference(x)
    # Both runs less one number, their largest: it cancels in the quotient and bounds the powers.
    top = b.op("ReduceMax", b.op("Max", x, other), [axis], keepdims=1)
    e, e_ref = (b.op("Exp", b.op("Sub", name, top)) for name in (x, other))
    s, s_ref = (b.op("ReduceSum", name, [axis], keepdims=1) for name in (e, e_ref))
    log_s, log_s_ref = (_log_sum(b, name, axis) for name in (x, other))
    by_x = divide_by_change(b, b.op("Sub", e, e_ref), x, e)
    mean = b.op("Mul", b.op("Add", s, s_ref), 0.5)
    by_log = divide(b, b.op("Sub", s, s_ref), b.op("Sub", log_s, log_s_ref), mean)
    total = b.op("ReduceSum", grad, [axis], keepdims=1)
    return b.op("Sub", grad, b.op("Mul", b.op("Div", by_x, by_log), total))


def _log_sum(b: Builder, x: str, axis: int) -> str:
    top = b.op("ReduceMax", x, [axis], keepdims=1)
    powers = b.op("Exp", b.op("Sub", x, top))
    return b.op("Add", top, b.op("Log", b.op("ReduceSum", powers, [axis], keepdims=1)))


def _axis(b: Builder, node: Node) -> int:
    axis = positive_axis(b, node.inputs[0], node.attributes["axis"])
    refuse_batch(b, node.inputs[0], [axis])
    return axis


def layer_normalization(b: Builder, node: Node, grad: str | None, *more: str | None) -> Gradients:
    """Over the trailing axes."""
    if grad is None or any(more):
        raise b.refusal("its further outputs have no rule")
    x, scale = node.inputs[:2]
    axes = list(range(positive_axis(b, x, node.attributes["axis"]), b.rank(x)))
    return [_normalise(b, node, (x, b.reference(x)), b.op("Mul", grad, scale), axes)]


def rms_normalization(b: Builder, node: Node, grad: str) -> Gradients:
    """Over the trailing axes, without the mean taken away."""
    x, scale = node.inputs[:2]
    axes = list(range(positive_axis(b, x, node.attributes["axis"]), b.rank(x)))
    h = b.op("Mul", grad, scale)
    return [_normalise(b, node, (x, b.reference(x)), h, axes, is_centred=False)]


def instance_normalization(b: Builder, node: Node, grad: str) -> Gradients:
    """Over the spatial axes of each sample and channel."""
    x, scale = node.inputs[:2]
    h = b.op("Mul", grad, b.op("Reshape", scale, [-1] + [1] * (b.rank(x) - 2)))
    return [_normalise(b, node, (x, b.reference(x)), h, list(range(2, b.rank(x))))]


def group_normalization(b: Builder, node: Node, grad: str) -> Gradients:
    """Over the spatial axes and the channels of a group."""
    if node.opset < 21:
        raise b.refusal("its form with a scale a group is deprecated: convert to opset 21")
    x, scale = node.inputs[:2]
    groups, channels = node.attributes["num_groups"], b.size(x, 1)
    members = math.prod(b.size(x, axis) for axis in range(2, b.rank(x)))
    grouped = (b.shape(x)[0], groups, channels // groups, members)
    both = (b.reshape(x, grouped), b.reshape(b.reference(x), grouped))
    each = b.op("Reshape", scale, [1, groups, channels // groups, 1])
    h = b.op("Mul", b.reshape(grad, grouped), each)
    return [b.reshape_like(_normalise(b, node, both, h, [2, 3]), x)]


def _normalise(
    b: Builder,
    node: Node,
    runs: tuple[str, str],
    h: str,
    axes: list[int],
    is_centred: bool = True,
) -> str:
    """Return m_x of the module's formula from x and x'; without centring c is x itself."""
    if any(b.needs_grad(name) for name in node.inputs[1:]):
        raise b.refusal("its scale or bias is computed from the picture")
    refuse_batch(b, runs[0], axes)
    epsilon = float(node.attributes["epsilon"])
    (c, r), (c_ref, r_ref) = (_deviate(b, x, axes, epsilon, is_centred) for x in runs)
    count = math.prod(b.size(c, axis) for axis in axes)
    mean, product = b.op("Mul", b.op("Add", c, c_ref), 0.5), b.op("Mul", r, r_ref)
    total = b.op("Add", r, r_ref)
    root = b.op("Div", b.op("Mul", product, product), total)  # without its sign
    along = b.op("Mul", b.op("ReduceSum", b.op("Mul", h, mean), axes, keepdims=1), root)
    by_square = b.op("Mul", mean, b.op("Mul", along, 2.0 / count))
    to_c = b.op("Sub", b.op("Mul", h, b.op("Mul", total, 0.5)), by_square)
    if not is_centred:
        return to_c
    return b.op("Sub", to_c, b.op("ReduceMean", to_c, axes, keepdims=1))


def _deviate(
    b: Builder, x: str, axes: list[int], epsilon: float, is_centred: bool
) -> tuple[str, str]:
    """Return c and r of the module's formula."""
    c = b.op("Sub", x, b.op("ReduceMean", x, axes, keepdims=1)) if is_centred else x
    square = b.op("ReduceMean", b.op("Mul", c, c), axes, keepdims=1)
    return c, b.op("Reciprocal", b.op("Sqrt", b.op("Add", square, epsilon)))


RULES: dict[str, Rule] = {
    "Softmax": softmax,
    "LogSoftmax": log_softmax,
    "LayerNormalization": layer_normalization,
    "RMSNormalization": rms_normalization,
    "InstanceNormalization": instance_normalization,
    "GroupNormalization": group_normalization,
}
