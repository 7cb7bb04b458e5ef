"""The gradient of Pad: ``dy`` without the border, and what the border repeats added to its origin.

Operator: https://onnx.ai/onnx/operators/onnx__Pad.html.
"""

import numpy as np

from export.autodiff.builder import Builder, Gradients, Rule
from export.autodiff.node import Node
from export.autodiff.rules.axes import constant_ints, pad_axes, positive_axis, refuse_batch
from export.autodiff.rules.indexing import place_along_axis


def pad(b: Builder, node: Node, grad: str) -> Gradients:
    """``dy`` without the border; what a border repeats of x adds to its origin.

    The border's own value, where it is an input, has the sum of what x has not.
    """
    x, mode = node.inputs[0], node.attributes["mode"]
    borders = _borders(b, node)
    refuse_batch(b, x, list(borders))
    value = node.input(2)
    if mode == "constant":
        dx = pad_axes(b, grad, {axis: (-p, -q) for axis, (p, q) in borders.items()})
        return [dx, None, _sum_of_border(b, node, grad, dx) if b.needs_grad(value) else None]
    for axis, (before, after) in borders.items():
        size = b.size(x, axis)
        origin = np.pad(np.arange(size), (max(before, 0), max(after, 0)), mode=mode)
        origin = origin[max(-before, 0) : len(origin) - max(-after, 0)]
        grad = place_along_axis(b, grad, axis, origin, size)
    return [grad]


def _borders(b: Builder, node: Node) -> dict[int, tuple[int, int]]:
    """Return (before, after) of every axis a Pad really pads."""
    pads = constant_ints(b, node, 1, "pads") or []
    axes = constant_ints(b, node, 3, "axes")
    count = len(pads) // 2
    named = range(count) if axes is None else [positive_axis(b, node.inputs[0], a) for a in axes]
    pairs = zip(named, zip(pads[:count], pads[count:], strict=True), strict=True)
    return {axis: pair for axis, pair in pairs if pair != (0, 0)}


def _sum_of_border(b: Builder, node: Node, grad: str, dx: str) -> str:
    refuse_batch(b, node.inputs[0], list(range(b.rank(node.inputs[0]))))
    total = (b.op("ReduceSum", name, keepdims=0) for name in (grad, dx))
    return b.op("Sub", *total)


RULES: dict[str, Rule] = {"Pad": pad}
