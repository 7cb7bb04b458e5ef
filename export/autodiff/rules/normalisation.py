"""Gradients of the operators that normalise: softmax, layer, batch, group, response.

Most are ``y = scale * xhat + bias`` with ``xhat = (x - mean) * r`` and
``r = 1 / sqrt(var + epsilon)`` over some axes. With ``h = scale * dy`` and means over the same
axes, the chain rule gives

    dx = r * (h - mean(h) - xhat * mean(h * xhat))

(Ioffe and Szegedy 2015, arXiv:1502.03167, section 3; Ba et al. 2016, arXiv:1607.06450). Without
the mean subtracted (RMSNormalization, Zhang and Sennrich 2019, arXiv:1910.07467) ``mean(h)``
falls away. Operators: https://onnx.ai/onnx/operators/.
"""

import math

import numpy as np

from export.autodiff.builder import Builder, Gradients, Rule
from export.autodiff.node import Node
from export.autodiff.rules.axes import apply_along_axis, cast_like, positive_axis, refuse_batch


def softmax(b: Builder, node: Node, grad: str) -> Gradients:
    """``dx = y * (dy - sum(dy * y))`` over the axis."""
    axis, y = _axis(b, node), node.outputs[0]
    product = b.op("Mul", grad, y)
    total = b.op("ReduceSum", product, [axis], keepdims=1)
    return [b.op("Sub", product, b.op("Mul", y, total))]


def log_softmax(b: Builder, node: Node, grad: str) -> Gradients:
    """``dx = dy - exp(y) * sum(dy)`` over the axis."""
    axis = _axis(b, node)
    total = b.op("ReduceSum", grad, [axis], keepdims=1)
    return [b.op("Sub", grad, b.op("Mul", b.op("Exp", node.outputs[0]), total))]


def layer_normalization(
    b: Builder,
    node: Node,
    grad: str | None,
    mean_grad: str | None = None,
    inv_std_grad: str | None = None,
) -> Gradients:
    """The module's formula over the trailing axes, and that of its two optional outputs.

    ``d mean / dx = 1 / count`` and ``d r / dx = -r^2 * xhat / count``.
    """
    x, scale = node.inputs[:2]
    first = positive_axis(b, x, node.attributes["axis"])
    axes = list(range(first, b.rank(x)))
    count = math.prod(b.size(x, axis) for axis in axes)
    # The operator itself, with a scale of one, is the cheapest way to xhat and r: one pass.
    ones = b.const(np.ones([b.size(x, axis) for axis in axes]), like=x)
    epsilon = node.attributes["epsilon"]
    xhat, _, r = b.ops("LayerNormalization", 3, x, ones, axis=first, epsilon=epsilon)
    r = cast_like(b, r, x)  # the operator keeps its statistics in float32
    parts: list[str] = []
    if grad is not None:
        parts.append(_centred(b, b.op("Mul", grad, scale), xhat, r, axes))
    if mean_grad is not None:
        parts.append(b.op("Mul", cast_like(b, mean_grad, x), 1 / count))
    if inv_std_grad is not None:
        slope = b.op("Mul", b.op("Mul", r, r), -1 / count)
        factor = b.op("Mul", cast_like(b, inv_std_grad, x), slope)
        parts.append(b.op("Mul", xhat, factor))
    return [b.expand_like(b.total(parts), x), *_scale_and_bias(b, node, grad, xhat)]


def rms_normalization(b: Builder, node: Node, grad: str) -> Gradients:
    """``dx = r * (h - xhat * mean(h * xhat))`` over the trailing axes, ``h = scale * dy``."""
    x, scale = node.inputs[:2]
    first = positive_axis(b, x, node.attributes["axis"])
    axes = list(range(first, b.rank(x)))
    refuse_batch(b, x, axes)
    r = _inverse_root(b, b.op("Mul", x, x), axes, node.attributes["epsilon"])
    xhat = b.op("Mul", x, r)
    h = b.op("Mul", grad, scale)
    dx = b.op("Mul", r, b.op("Sub", h, b.op("Mul", xhat, _mean(b, b.op("Mul", h, xhat), axes))))
    return [dx, *_scale_and_bias(b, node, grad, xhat)]


def batch_normalization(b: Builder, node: Node, grad: str, *statistics: str | None) -> Gradients:
    """Inference mode is affine: ``dx = dy * scale / sqrt(var + epsilon)`` in each channel."""
    if node.attributes["training_mode"]:
        raise b.refusal("training mode couples the samples: export the model in eval mode")
    x, scale, _, mean, variance = node.inputs[:5]
    shape = _channels(b, x)
    column = [b.op("Reshape", name, shape) for name in (scale, mean, variance)]
    shifted = b.op("Add", column[2], node.attributes["epsilon"])
    r = b.op("Reciprocal", b.op("Sqrt", shifted))
    factor = b.op("Mul", column[0], r)
    dx = b.op("Mul", grad, factor)
    if not any(b.needs_grad(name) for name in node.inputs[1:]):
        return [dx, None, None, None, None]
    xhat = b.op("Mul", b.op("Sub", x, column[1]), r)
    # d y / d variance = -scale * xhat * r^2 / 2
    slope = b.op("Mul", b.op("Mul", xhat, b.op("Mul", factor, r)), -0.5)
    return [
        dx,
        _per_channel(b, b.op("Mul", grad, xhat), scale),
        _per_channel(b, grad, node.inputs[2]),
        _per_channel(b, b.op("Neg", dx), mean),
        _per_channel(b, b.op("Mul", grad, slope), variance),
    ]


def instance_normalization(b: Builder, node: Node, grad: str) -> Gradients:
    """The module's formula over the spatial axes of each sample and channel."""
    x, scale, bias = node.inputs[:3]
    axes = list(range(2, b.rank(x)))
    xhat, r = _standardise(b, x, axes, node.attributes["epsilon"])
    h = b.op("Mul", grad, b.op("Reshape", scale, _channels(b, x)))
    return [
        _centred(b, h, xhat, r, axes),
        _per_channel(b, b.op("Mul", grad, xhat), scale) if b.needs_grad(scale) else None,
        _per_channel(b, grad, bias) if b.needs_grad(bias) else None,
    ]


def group_normalization(b: Builder, node: Node, grad: str) -> Gradients:
    """The module's formula with the channels of a group beside the spatial axes."""
    if node.opset < 21:
        raise b.refusal("its form with a scale a group is deprecated: convert to opset 21")
    x, scale, bias = node.inputs[:3]
    groups = node.attributes["num_groups"]
    channels = b.size(x, 1)
    width = channels // groups
    members = math.prod(b.size(x, axis) for axis in range(2, b.rank(x)))
    grouped = (b.shape(x)[0], groups, width, members)  # (N, groups, channels a group, pixels)
    xg, gg = b.reshape(x, grouped), b.reshape(grad, grouped)
    xhat, r = _standardise(b, xg, [2, 3], node.attributes["epsilon"])
    h = b.op("Mul", gg, b.op("Reshape", scale, [1, groups, width, 1]))
    dx = b.reshape_like(_centred(b, h, xhat, r, [2, 3]), x)

    def parameter(name: str, g: str) -> str | None:
        if not b.needs_grad(name):
            return None
        return b.op("Reshape", b.op("ReduceSum", g, [0, 3], keepdims=0), [-1])

    return [dx, parameter(scale, b.op("Mul", gg, xhat)), parameter(bias, gg)]


def lp_normalization(b: Builder, node: Node, grad: str) -> Gradients:
    """``y = x / n``: ``dx = (dy - u * sum(dy * y)) / n``, u = sign(x) for p = 1, y for p = 2."""
    x, y, axis = node.inputs[0], node.outputs[0], [_axis(b, node)]
    one = node.attributes["p"] == 1
    norm = b.op("ReduceL1" if one else "ReduceL2", x, axis, keepdims=1)
    # An all-zero vector has no direction; the operator returns zeros there.
    norm = b.op("Max", norm, float(np.finfo(np.float32).tiny))
    total = b.op("ReduceSum", b.op("Mul", grad, y), axis, keepdims=1)
    unit = b.op("Sign", x) if one else y
    return [b.op("Div", b.op("Sub", grad, b.op("Mul", unit, total)), norm)]


def lrn(b: Builder, node: Node, grad: str) -> Gradients:
    """``y = x * s^-beta``, ``s = bias + alpha / size * W x^2``, W a band over the channels.

    ``dx = dy * s^-beta - 2 alpha beta / size * x * W^T (dy * x * s^(-beta - 1))``
    (Krizhevsky et al. 2012, section 3.3).
    """
    x, size = node.inputs[0], node.attributes["size"]
    alpha, beta = node.attributes["alpha"], node.attributes["beta"]
    channels = b.size(x, 1)
    c = np.arange(channels)
    offset = c[None, :] - c[:, None]  # (output channel, input channel)
    band = (offset >= -((size - 1) // 2)) & (offset <= math.ceil((size - 1) / 2))
    pixels = math.prod(b.size(x, axis) for axis in range(2, b.rank(x)))
    flat = (b.shape(x)[0], channels, pixels)
    xf, gf = b.reshape(x, flat), b.reshape(grad, flat)
    window = apply_along_axis(b, b.op("Mul", xf, xf), 1, band.T.astype(np.float64))
    scaled = b.op("Mul", window, alpha / size)
    s = b.op("Add", scaled, node.attributes["bias"])
    power = b.op("Mul", gf, b.op("Pow", s, -beta))
    spread = b.op("Mul", b.op("Div", power, s), xf)
    back = apply_along_axis(b, spread, 1, band.astype(np.float64))
    far = b.op("Mul", b.op("Mul", back, xf), -2 * alpha * beta / size)
    return [b.reshape_like(b.op("Add", power, far), x)]


def _axis(b: Builder, node: Node) -> int:
    """Return the node's axis, counted from the front; refuse the axis of the samples."""
    axis = positive_axis(b, node.inputs[0], node.attributes["axis"])
    refuse_batch(b, node.inputs[0], [axis])
    return axis


def _mean(b: Builder, name: str, axes: list[int]) -> str:
    return b.op("ReduceMean", name, axes, keepdims=1)


def _inverse_root(b: Builder, squares: str, axes: list[int], epsilon: float) -> str:
    variance = b.op("Add", _mean(b, squares, axes), epsilon)
    return b.op("Reciprocal", b.op("Sqrt", variance))


def _standardise(b: Builder, x: str, axes: list[int], epsilon: float) -> tuple[str, str]:
    """Return xhat and r of the module's formula."""
    shifted = b.op("Sub", x, _mean(b, x, axes))
    r = _inverse_root(b, b.op("Mul", shifted, shifted), axes, epsilon)
    return b.op("Mul", shifted, r), r


def _centred(b: Builder, h: str, xhat: str, r: str, axes: list[int]) -> str:
    """``r * (h - mean(h) - xhat * mean(h * xhat))``."""
    along = b.op("Mul", xhat, _mean(b, b.op("Mul", h, xhat), axes))
    return b.op("Mul", r, b.op("Sub", b.op("Sub", h, _mean(b, h, axes)), along))


def _scale_and_bias(b: Builder, node: Node, grad: str | None, xhat: str) -> Gradients:
    """The gradients of a scale and a bias that broadcast to the output, where wanted."""
    grads: list[str | None] = []
    for name, factor in zip(node.inputs[1:], (xhat, None), strict=False):
        if grad is None or not b.needs_grad(name):
            grads.append(None)
            continue
        grads.append(b.unbroadcast(b.op("Mul", grad, factor) if factor else grad, name))
    return grads


def _channels(b: Builder, x: str) -> list[int]:
    """The shape that lays a vector of channels along axis 1 of x, without the samples."""
    return [-1] + [1] * (b.rank(x) - 2)


def _per_channel(b: Builder, grad: str, name: str) -> str | None:
    """Sum a gradient over every axis but the channels, where ``name`` is wanted."""
    if not b.needs_grad(name):
        return None
    axes = [axis for axis in range(b.rank(grad)) if axis != 1]
    return b.op("ReduceSum", grad, axes, keepdims=0)


RULES: dict[str, Rule] = {
    "Softmax": softmax,
    "LogSoftmax": log_softmax,
    "LayerNormalization": layer_normalization,
    "RMSNormalization": rms_normalization,
    "BatchNormalization": batch_normalization,
    "InstanceNormalization": instance_normalization,
    "GroupNormalization": group_normalization,
    "LpNormalization": lp_normalization,
    "LRN": lrn,
}
