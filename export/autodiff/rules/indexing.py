"""Gradients of the operators that pick or place elements by index.

Picking is linear: ``dx`` is ``dy`` placed where it was picked from, zero elsewhere, and summed
where an element was picked more than once. Placing is the reverse of it.
Operators: https://onnx.ai/onnx/operators/.
"""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from export.autodiff.builder import Builder, Gradients, Rule
from export.autodiff.node import Node
from export.autodiff.rules.axes import (
    apply_along_axis,
    cast_like,
    constant_ints,
    pad_axes,
    positive_axis,
    refuse_batch,
)

Indices = NDArray[np.int64]
Pick = Callable[[str], str]  # what lies at the node's indices
Place = Callable[[str, str, str], str]  # (into, what, reduction): a scatter at those indices
_ALL = np.iinfo(np.int32).max  # exporters write "to the end" as this or more


def slice_(b: Builder, node: Node, grad: str) -> Gradients:
    """``dy`` padded with zeros; where steps are not one, interleaved with zeros."""
    x = node.inputs[0]
    padding: dict[int, tuple[int, int]] = {}
    for axis, (start, end, step) in _sliced_axes(b, node).items():
        if not isinstance(b.shape(x)[axis], int) and (start, step) == (0, 1) and end >= _ALL:
            continue  # every sample is kept
        size = b.size(x, axis)
        picked = np.arange(size)[start:end:step]  # numpy's bounds clamp as ONNX's do
        if step == 1:
            first = int(picked[0]) if len(picked) else 0
            padding[axis] = (first, size - first - len(picked))
        else:
            grad = place_along_axis(b, grad, axis, picked, size)
    return [pad_axes(b, grad, padding)]


def _sliced_axes(b: Builder, node: Node) -> dict[int, tuple[int, int, int]]:
    """Return (start, end, step) of every axis a Slice names."""
    starts = constant_ints(b, node, 1, "starts") or []
    ends = constant_ints(b, node, 2, "ends") or []
    axes = constant_ints(b, node, 3, "axes")
    steps = constant_ints(b, node, 4, "steps") or [1] * len(starts)
    named = range(len(starts)) if axes is None else axes
    x = node.inputs[0]
    return {
        positive_axis(b, x, axis): bounds
        for axis, bounds in zip(named, zip(starts, ends, steps, strict=True), strict=True)
    }


def place_along_axis(b: Builder, grad: str, axis: int, picked: Indices, size: int) -> str:
    """Put the elements of one axis back to the positions they were picked from.

    Distinct positions need no arithmetic: gather from ``dy`` with one zero behind it. Repeated
    ones add up, by a constant matrix of zeros and ones.
    """
    if len(np.unique(picked)) < len(picked):
        matrix = np.zeros((len(picked), size))
        matrix[np.arange(len(picked)), picked] = 1.0
        return apply_along_axis(b, grad, axis, matrix)
    source = np.full(size, len(picked))
    source[picked] = np.arange(len(picked))
    padded = grad if len(picked) == size else pad_axes(b, grad, {axis: (0, 1)})
    return b.op("Gather", padded, source.tolist(), axis=axis)


def gather(b: Builder, node: Node, grad: str) -> Gradients:
    """``dy`` placed at the indices along the axis, summed where they repeat."""
    x, indices = node.inputs[:2]
    axis = positive_axis(b, x, node.attributes["axis"])
    size = b.size(x, axis)
    shape, value = list(b.shape(x)), b.value(indices)
    if value is None:
        return [_gather_at_run_time(b, node, grad, axis), None]
    picked = np.asarray(value).reshape(-1) % size
    flat = b.reshape(grad, (*shape[:axis], len(picked), *shape[axis + 1 :]))
    if len(picked) == 1:
        return [pad_axes(b, flat, {axis: (int(picked[0]), size - 1 - int(picked[0]))}), None]
    return [place_along_axis(b, flat, axis, picked, size), None]


def _gather_at_run_time(b: Builder, node: Node, grad: str, axis: int) -> str:
    """Scatter ``dy`` back: the indices, laid along the axis, are the same everywhere else."""
    x, indices = node.inputs[:2]
    shape = list(b.shape(x))
    count = math.prod(b.size(indices, position) for position in range(b.rank(indices)))
    flat = b.reshape(grad, (*shape[:axis], count, *shape[axis + 1 :]))
    column = [1] * len(shape)
    column[axis] = count
    everywhere = b.expand_like(b.op("Reshape", indices, column), flat)
    zeros = b.zeros_like(x)
    return b.op("ScatterElements", zeros, everywhere, flat, axis=axis, reduction="add")


def gather_elements(b: Builder, node: Node, grad: str) -> Gradients:
    """``dy`` added into zeros at the indices."""
    x, indices = node.inputs[:2]
    axis = _index_axis(b, node)
    zeros = b.zeros_like(x)
    return [b.op("ScatterElements", zeros, indices, grad, axis=axis, reduction="add"), None]


def gather_nd(b: Builder, node: Node, grad: str) -> Gradients:
    """``dy`` added into zeros at the indices; batch axes become part of the index."""
    x, indices = node.inputs[:2]
    batch_axes = node.attributes["batch_dims"]
    depth = b.size(indices, b.rank(indices) - 1)
    refuse_batch(b, x, list(range(batch_axes, batch_axes + depth)))
    if batch_axes:
        indices = _with_batch_index(b, node, indices, batch_axes)
    return [b.op("ScatterND", b.zeros_like(x), indices, grad, reduction="add"), None]


def _with_batch_index(b: Builder, node: Node, indices: str, batch_axes: int) -> str:
    """Put each sample's own number in front of its indices: ScatterND has no batch axes."""
    rank = b.rank(indices)
    columns = []
    for axis in range(batch_axes):
        length = b.op("Gather", b.op("Shape", indices), axis, axis=0)
        count = b.op("Range", 0, length, 1)
        column = [-1 if position == axis else 1 for position in range(rank)]
        columns.append(b.op("Reshape", count, column))
    first = b.op("Slice", indices, [0], [1], [rank - 1])
    wide = [b.op("Expand", column, b.op("Shape", first)) for column in columns]
    return b.op("Concat", *wide, indices, axis=rank - 1)


def scatter_elements(b: Builder, node: Node, grad: str) -> Gradients:
    """See ``_scattered``; one index an element, along one axis."""
    axis = _index_axis(b, node)

    def pick(name: str) -> str:
        return b.op("GatherElements", name, node.inputs[1], axis=axis)

    def place(into: str, what: str, reduction: str) -> str:
        return b.op("ScatterElements", into, node.inputs[1], what, axis=axis, reduction=reduction)

    return _scattered(b, node, grad, pick, place)


def scatter_nd(b: Builder, node: Node, grad: str) -> Gradients:
    """See ``_scattered``; one index a slice, over the leading axes."""
    data, indices = node.inputs[:2]
    depth = b.size(indices, b.rank(indices) - 1)
    refuse_batch(b, data, list(range(depth)))

    def pick(name: str) -> str:
        return b.op("GatherND", name, indices)

    def place(into: str, what: str, reduction: str) -> str:
        return b.op("ScatterND", into, indices, what, reduction=reduction)

    return _scattered(b, node, grad, pick, place)


def _scattered(b: Builder, node: Node, grad: str, pick: Pick, place: Place) -> Gradients:
    """The gradients of data and updates, by what the scatter does where they meet.

    ``none``: the data's gradient is zero where it was overwritten. ``add``: both have dy.
    ``max``, ``min``: whoever is the result has dy, the data first where they tie, updates that
    tie in equal shares. ``mul``: the data has dy times the updates; an update, dy times data and
    the other updates at its place.
    """
    data, _, updates = node.inputs[:3]
    reduction = node.attributes["reduction"]
    if reduction == "none":
        return [place(grad, b.zeros_like(updates), "none"), None, pick(grad)]
    if reduction == "add":
        return [grad, None, pick(grad)]
    if reduction == "mul":
        return [
            b.op("Mul", grad, place(_ones_like(b, data), updates, "mul")),
            None,
            b.op("Mul", pick(grad), _product_of_others(b, data, updates, pick, place)),
        ]
    result = node.outputs[0]
    kept = cast_like(b, b.op("Equal", result, data), data)
    won = cast_like(b, b.op("Equal", pick(result), updates), data)
    won = b.op("Mul", won, b.op("Sub", 1.0, pick(kept)))
    ties = pick(place(b.zeros_like(data), won, "add"))
    share = b.op("Div", won, b.op("Max", ties, 1.0))
    return [b.op("Mul", grad, kept), None, b.op("Mul", pick(grad), share)]


def _product_of_others(b: Builder, data: str, updates: str, pick: Pick, place: Place) -> str:
    """The product of the data and all updates but the one itself, exact with zeros among them.

    As for ReduceProd: multiply with ones for zeros, divide by the (replaced) update itself, and
    answer zero where another update at the same place is zero.
    """
    zero = b.op("Equal", updates, 0.0)
    safe = b.op("Where", zero, b.const(1.0, like=updates), updates)
    is_zero = cast_like(b, zero, updates)
    other_zeros = b.op("Sub", pick(place(b.zeros_like(data), is_zero, "add")), is_zero)
    alone = cast_like(b, b.op("Less", other_zeros, 0.5), updates)
    return b.op("Mul", alone, b.op("Div", pick(place(data, safe, "mul")), safe))


def _ones_like(b: Builder, name: str) -> str:
    return b.op("Expand", b.const(1.0, like=name), b.runtime_shape(name))


def _index_axis(b: Builder, node: Node) -> int:
    axis = positive_axis(b, node.inputs[0], node.attributes["axis"])
    refuse_batch(b, node.inputs[0], [axis])
    return axis


RULES: dict[str, Rule] = {
    "Slice": slice_,
    "Gather": gather,
    "GatherElements": gather_elements,
    "GatherND": gather_nd,
    "ScatterElements": scatter_elements,
    "ScatterND": scatter_nd,
}
