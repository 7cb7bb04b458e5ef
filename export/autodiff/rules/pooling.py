"""Derivatives of the pools."""

import itertools
import math
from collections.abc import Callable

import numpy as np

from export.autodiff.builder import Builder, Gradients, Rule
from export.autodiff.node import Node
from export.autodiff.rules.convolution import transposed
from export.autodiff.rules.window import Window, read_window
from export.autodiff.shapes import Batch, Shape


def _window(b: Builder, node: Node) -> Window:
    kernel = tuple(node.attributes["kernel_shape"])
    return read_window(b, node, kernel, node.inputs[0], node.outputs[0])


# --- Spreading a value over its window ----------------------------------------------------------


def _per_channel(b: Builder, grad: str) -> str:
    """(N, C, ...) -> (N C, 1, ...): every channel alike, so one kernel serves all."""
    shape = b.shape(grad)
    return b.reshape(grad, (_times(shape[0], shape[1]), 1, *shape[2:]))


def _times(batch: int | Batch, channels: int | Batch) -> int | Batch:
    if isinstance(batch, int) and isinstance(channels, int):
        return batch * channels
    if isinstance(batch, Batch) and isinstance(channels, int):
        return Batch(batch.times * channels, batch.plus * channels)
    raise ValueError("channels do not depend on the batch size")


def _spread(b: Builder, values: str, like: str, window: Window) -> str:
    """Add each place's value to all elements of its window."""
    if window.places == (1,) * len(window.places) and _covers(window):
        return b.expand_like(values, like)
    ones = b.const(np.ones((1, 1, *window.kernel)), like=like)
    return b.reshape_like(transposed(b, _per_channel(b, values), ones, window, 1), like)


def _covers(window: Window) -> bool:
    """Whether one window takes the whole input."""
    dense = all(d == 1 or k == 1 for d, k in zip(window.dilations, window.kernel, strict=True))
    return dense and all(e >= 0 for e in window.end)


# --- Max ----------------------------------------------------------------------------------------


def max_pool(b: Builder, node: Node, grad: str | None, indices: str | None = None) -> Gradients:
    """To the first element of each window that equals the window's maximum.

    Comparing with the pooled output is cheaper than asking the forward pass for indices, which
    keeps ONNX Runtime out of its fast pool.
    """
    if grad is None:
        return [None]
    return [to_first_hit(b, node, grad, lambda tap: b.op("Equal", tap, node.outputs[0]))]


def to_first_hit(b: Builder, node: Node, grad: str, is_hit: Callable[[str], str]) -> str:
    """Hand each window's value to the first of its elements that is a hit.

    Args:
        b: emits.
        node: a MaxPool.
        grad: of its output's shape.
        is_hit: given one element of every window (N, C, places...), returns where it is one.
    """
    x = node.inputs[0]
    window = _window(b, node)
    padded = _padded(b, x, window, -math.inf)
    taken: str | None = None
    hits: list[str] = []
    for tap in itertools.product(*(range(k) for k in window.kernel)):
        hit = is_hit(_tapped(b, padded, window, tap))
        fresh = hit if taken is None else b.op("And", hit, b.op("Not", taken))
        taken = hit if taken is None else b.op("Or", taken, hit)
        hits.append(b.masked(grad, fresh))
    return _scatter(b, hits, x, window)


def _padded(b: Builder, x: str, window: Window, fill: float) -> str:
    end = [max(e, 0) for e in window.end]
    if not any(window.begin) and not any(end):
        return x
    return b.op("Pad", x, [0, 0, *window.begin, 0, 0, *end], b.const(fill, like=x))


def _tapped(b: Builder, padded: str, window: Window, tap: tuple[int, ...]) -> str:
    """Return the tap's element of every window: (N, C, places...)."""
    starts = [t * d for t, d in zip(tap, window.dilations, strict=True)]
    ends = [
        start + (n - 1) * s + 1
        for start, n, s in zip(starts, window.places, window.strides, strict=True)
    ]
    axes = list(range(2, 2 + len(tap)))
    whole = [b.size(padded, a) for a in axes]
    if starts == [0] * len(tap) and ends == whole and set(window.strides) == {1}:
        return padded
    return b.op("Slice", padded, starts, ends, axes, list(window.strides))


def _scatter(b: Builder, hits: list[str], x: str, window: Window) -> str:
    """Put every tap's values back where it read: a ConvTranspose whose kernel is one-hot."""
    shape: Shape = b.shape(hits[0])
    taps = len(hits)
    flat = (_times(shape[0], shape[1]), 1, *shape[2:])
    stacked = b.op("Concat", *(b.reshape(h, flat) for h in hits), axis=1)  # (N C, taps, places...)
    one_hot = np.eye(taps).reshape(taps, 1, *window.kernel)
    return b.reshape_like(transposed(b, stacked, b.const(one_hot, like=x), window, 1), x)


def global_max_pool(b: Builder, node: Node, grad: str) -> Gradients:
    """To the first element of each channel that equals the channel's maximum."""
    x = node.inputs[0]
    shape = b.shape(x)
    count = math.prod(b.size(x, axis) for axis in range(2, len(shape)))
    flat = b.reshape(x, (*shape[:2], count))  # (N, C, H W)
    place = b.op("ArgMax", flat, axis=2, keepdims=1)
    hit = b.op("Equal", place, b.const(np.arange(count, dtype=np.int64)))
    value = b.reshape(grad, (*shape[:2], 1))
    return [b.reshape_like(b.masked(value, hit), x)]


# --- Average ------------------------------------------------------------------------------------


def average_pool(b: Builder, node: Node, grad: str) -> Gradients:
    """Each place's gradient, over the number of elements averaged, to all of them."""
    x, window = node.inputs[0], _window(b, node)
    counts = _counts(
        window, bool(node.attributes["count_include_pad"]), _declared_end(node, window)
    )
    if (counts == counts.flat[0]).all():
        counts = counts.flat[0]
    share = b.op("Mul", grad, b.const(1.0 / counts, like=grad))
    return [_spread(b, share, x, window)]


def _declared_end(node: Node, window: Window) -> tuple[int, ...]:
    """Return the padding after the last row; a window may reach beyond it with ``ceil_mode``."""
    if node.attributes["auto_pad"] == "NOTSET":
        rank = len(window.kernel)
        return tuple(node.attributes.get("pads", [0] * (2 * rank))[rank:])
    return tuple(max(e, 0) for e in window.end)


def _counts(window: Window, with_pads: bool, end: tuple[int, ...]) -> np.ndarray:
    """Count the elements under each place of the window: (places...)."""
    total = np.ones((1,) * len(window.kernel))
    for axis, (k, s, d) in enumerate(
        zip(window.kernel, window.strides, window.dilations, strict=True)
    ):
        taps = np.arange(window.places[axis])[:, None] * s + np.arange(k) * d - window.begin[axis]
        before, after = (window.begin[axis], end[axis]) if with_pads else (0, 0)
        count = ((taps >= -before) & (taps < window.size[axis] + after)).sum(axis=1)
        shape = [1] * len(window.kernel)
        shape[axis] = -1
        total = total * count.reshape(shape)
    return total


def global_average_pool(b: Builder, node: Node, grad: str) -> Gradients:
    """An equal part of the gradient to every element of the channel."""
    x = node.inputs[0]
    count = math.prod(b.size(x, axis) for axis in range(2, b.rank(x)))
    return [b.expand_like(b.op("Mul", grad, 1.0 / count), x)]


# --- Lp -----------------------------------------------------------------------------------------


def lp_pool(b: Builder, node: Node, grad: str) -> Gradients:
    """y = (sum |x|^p)^(1/p): x |x|^(p-2) y^(1-p), zero where y is."""
    x = node.inputs[0]
    scaled = _over_norm(b, node, grad)
    spread = _spread(b, scaled, x, _window(b, node))
    return [b.op("Mul", spread, _signed_power(b, x, int(node.attributes["p"])))]


def global_lp_pool(b: Builder, node: Node, grad: str) -> Gradients:
    """As LpPool, with one window a channel."""
    x = node.inputs[0]
    return [b.op("Mul", _over_norm(b, node, grad), _signed_power(b, x, int(node.attributes["p"])))]


def _over_norm(b: Builder, node: Node, grad: str) -> str:
    """Return grad y^(1-p), and zero where the norm is zero."""
    y, p = node.outputs[0], int(node.attributes["p"])
    positive = b.op("Greater", y, 0.0)
    safe = b.op("Where", positive, y, b.const(1.0, like=y))
    return b.op("Mul", b.masked(grad, positive), b.op("Pow", safe, float(1 - p)))


def _signed_power(b: Builder, x: str, p: int) -> str:
    """Return sign(x) |x|^(p-1)."""
    if p == 2:
        return x
    return b.op("Mul", b.op("Sign", x), b.op("Pow", b.op("Abs", x), float(p - 1)))


RULES: dict[str, Rule] = {
    "MaxPool": max_pool,
    "GlobalMaxPool": global_max_pool,
    "AveragePool": average_pool,
    "GlobalAveragePool": global_average_pool,
    "LpPool": lp_pool,
    "GlobalLpPool": global_lp_pool,
}
