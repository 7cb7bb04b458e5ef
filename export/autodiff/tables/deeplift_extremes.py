"""Who wins a largest or smallest value, for DeepLIFT: the elements that its rule credits.

What a run has beyond the other goes to the element that won that run, which has itself changed by
at least as much, so that no part is lost. Where several elements are equal up to rounding, as in
every window over a flat baseline, a pool's first is the winner (torch's choice among equals), and a
reduction's share: else rounding would choose.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from export.autodiff.builder import Builder, Gradients
from export.autodiff.node import Node
from export.autodiff.rules import elementwise
from export.autodiff.rules.pooling import to_first_hit
from export.autodiff.rules.reduction import reduced_axes

# Relative to 1 + |largest|: above the rounding of a sum of some thousand float32 products.
SLACK = 1e-5

Winners = Callable[[Builder, Node, str], Gradients]


def at_reference(b: Builder, node: Node) -> Node:
    """Return the same node of the second run."""
    inputs, outputs = (tuple(map(b.reference, each)) for each in (node.inputs, node.outputs))
    return replace(node, inputs=inputs, outputs=outputs)


def _is_winner(b: Builder, x: str, y: str) -> str:
    """Return where x is as good as y."""
    slack = b.op("Mul", b.op("Add", b.op("Abs", y), 1.0), SLACK)
    return b.op("LessOrEqual", b.op("Abs", b.op("Sub", x, y)), slack)


def _pool(b: Builder, node: Node, grad: str) -> Gradients:
    return [to_first_hit(b, node, grad, lambda tap: _is_winner(b, tap, node.outputs[0]))]


def _global_pool(b: Builder, node: Node, grad: str) -> Gradients:
    x, y = node.inputs[0], node.outputs[0]
    shape = b.shape(x)
    count = math.prod(b.size(x, axis) for axis in range(2, len(shape)))
    flat = (*shape[:2], count)
    hits = b.op("Cast", b.reshape(_is_winner(b, x, y), flat), to=b.dtype(x))
    first = b.op("ArgMax", hits, axis=2, keepdims=1)  # the first of equals
    chosen = b.op("Equal", first, b.const(np.arange(count, dtype=np.int64)))
    value = b.reshape(grad, (*shape[:2], 1))
    return [b.reshape_like(b.masked(value, chosen), x)]


def _reduce(b: Builder, node: Node, grad: str) -> Gradients:
    x, y, axes = node.inputs[0], node.outputs[0], reduced_axes(b, node)
    if axes and not node.attributes["keepdims"]:
        grad, y = (b.op("Unsqueeze", name, axes) for name in (grad, y))
    hits = b.op("Cast", _is_winner(b, x, y), to=b.dtype(x))
    ties = b.op("ReduceSum", hits, axes, keepdims=1, noop_with_empty_axes=1)
    return [b.op("Mul", hits, b.op("Div", grad, ties))]


# By operator: which of two values lies further its way, and who wins it.
EXTREMES: Mapping[str, tuple[str, Winners]] = {
    "MaxPool": ("Max", _pool),
    "GlobalMaxPool": ("Max", _global_pool),
    "ReduceMax": ("Max", _reduce),
    "ReduceMin": ("Min", _reduce),
    "Max": ("Max", elementwise.extreme),
    "Min": ("Min", elementwise.extreme),
}
