"""Where an activation lets the gradient through: between its bounds, read from its output.

ONNX Runtime keeps convolutions in a layout of its own (channels in blocks of 8 or 16), in which it
knows few operators: a comparison costs a reordering of the output and of the gradient. A step that
is a 1x1 depthwise Conv with a huge weight and a saturating activation stays inside that layout
(measured on EfficientNet-Lite0: 6 % of a gradient at batch 1 and 8).
"""

import math

import onnx

from export.autodiff.builder import Builder

# Powers of two scale without rounding, so that the steps are exact in float32 (above 1e-27).
STEEP = 2.0**100
HEIGHT = 30  # exponent: 2^30 times one float32 rounding step of 1 saturates a tanh
LARGEST_BOUND = 2.0**30  # beyond it is an exporter's way to say "no bound"
BLOCK = 16  # the widest block of channels; other counts would leave the layout
BLOCKED = frozenset({"Conv", "Add", "Sum", "Concat", "BatchNormalization"})


def masked_between(b: Builder, grad: str, y: str, low: float | None, high: float | None) -> str:
    """Return the gradient where ``low < y < high``, zero elsewhere; ``low <= y <= high`` holds.

    Args:
        b: emits.
        grad: gradient of ``y``.
        y: output of a Clip or Relu.
        low: the lower bound, or None.
        high: the upper bound, or None.
    """
    if high is not None and high >= LARGEST_BOUND:
        high = None
    if low == 0.0 and (high is None or high > 0.0) and _is_blocked(b, y):
        return b.op("Mul", grad, _positive(b, y) if high is None else _open_interval(b, y, high))
    inside = [b.op("Greater", y, low)] if low is not None else []
    inside += [b.op("Less", y, high)] if high is not None else []
    if not inside:
        return grad
    return b.masked(grad, inside[0] if len(inside) == 1 else b.op("And", *inside))


def _is_blocked(b: Builder, y: str) -> bool:
    """Whether ONNX Runtime computes this activation in its blocked layout."""
    shape = b.shape(y)
    if len(shape) != 4 or b.dtype(y) != onnx.TensorProto.FLOAT:
        return False
    channels = shape[1]
    if not isinstance(channels, int) or channels % BLOCK:
        return False
    activation = b.graph.producer(y)
    before = activation and b.graph.producer(activation.input[0])
    return bool(before and before.op_type in BLOCKED)


def _positive(b: Builder, y: str) -> str:
    """Return 1 where y > 0, else 0, for y >= 0."""
    return b.op("Clip", _scaled(b, y, STEEP, 0.0), b.const(0.0, like=y), b.const(1.0, like=y))


def _open_interval(b: Builder, y: str, high: float) -> str:
    """Return 1 where 0 < y < high, else 0, for 0 <= y <= high.

    The argument of the tanh is ``scale (high - y)``, so 0 at y = high, less ``scale high`` where
    y = 0, so 0 again; in between it is huge. Add and Tanh are fused into the second Conv.
    """
    scale = 2.0 ** (HEIGHT - math.frexp(high)[1])
    top = scale * high
    below = b.op("Clip", _scaled(b, y, STEEP, -top), b.const(-top, like=y), b.const(0.0, like=y))
    return b.op("Tanh", b.op("Add", _scaled(b, y, -scale, top), below))


def _scaled(b: Builder, y: str, weight: float, bias: float) -> str:
    """Return weight * y + bias as a depthwise Conv."""
    channels = b.size(y, 1)
    # Filled at load, so that the file holds two numbers and not two a channel.
    kernel = b.op("Expand", b.const(weight, like=y), [channels, 1, 1, 1])
    moved = b.op("Expand", b.const(bias, like=y), [channels])
    return b.op("Conv", y, kernel, moved, group=channels)
