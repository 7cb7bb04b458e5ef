"""What the rules ask about axes (which one, how long, constant or not), and do along one."""

from collections.abc import Mapping, Sequence

import numpy as np

from export.autodiff.arrays import Doubles
from export.autodiff.builder import Builder
from export.autodiff.node import Node

_END = int(np.iinfo(np.int64).max)


def positive_axis(b: Builder, name: str, axis: int) -> int:
    """Count a negative axis from the end of the tensor ``name``."""
    return axis % max(b.rank(name), 1)


def refuse_batch(b: Builder, name: str, axes: Sequence[int]) -> None:
    """Refuse the running node if one of the axes it works along holds the samples.

    Such a node couples them: the score of one would depend on the image of another.
    """
    for axis in axes:
        b.size(name, axis)


def constant_ints(b: Builder, node: Node, index: int, what: str) -> list[int] | None:
    """Return a constant integer input as a list, None where the input is absent."""
    name = node.input(index)
    if name is None:
        return None
    value = b.value(name)
    if value is None:
        raise b.refusal(f"its {what} depend on the data or the batch; make them constants")
    return [int(v) for v in np.ravel(value)]


def cast_like(b: Builder, name: str, like: str) -> str:
    """Cast to the element type of ``like``; nothing is emitted where it is the same."""
    return name if b.dtype(name) == b.dtype(like) else b.op("Cast", name, to=b.dtype(like))


def split_axis(b: Builder, name: str, axis: int, sizes: Sequence[int]) -> list[str]:
    """Cut a tensor along an axis."""
    return b.ops("Split", len(sizes), name, list(sizes), axis=axis)


def pad_axes(b: Builder, name: str, borders: Mapping[int, tuple[int, int]]) -> str:
    """Add zeros (before, after) along each axis, or cut elements off where negative."""
    cut = {a: (max(-p, 0), max(-q, 0)) for a, (p, q) in borders.items() if min(p, q) < 0}
    if cut:
        starts = [before for before, _ in cut.values()]
        ends = [-after if after else _END for _, after in cut.values()]
        name = b.op("Slice", name, starts, ends, list(cut))
    add = {a: (max(p, 0), max(q, 0)) for a, (p, q) in borders.items() if max(p, q) > 0}
    if not add:
        return name
    # Pads for every axis: the axes input is newer than ONNX Runtime's fusions of Pad.
    pads = np.zeros((2, b.rank(name)), np.int64)
    for axis, border in add.items():
        pads[:, axis] = border
    return b.op("Pad", name, pads.ravel())


def apply_along_axis(b: Builder, name: str, axis: int, matrix: Doubles) -> str:
    """Multiply one axis of a tensor by a constant matrix (length of the axis, new length)."""
    rank = b.rank(name)
    if axis == rank - 1:
        return b.op("MatMul", name, b.const(matrix, like=name))
    if axis == rank - 2:
        return b.op("MatMul", b.const(matrix.T, like=name), name)
    perm = list(range(rank))
    perm[axis], perm[-1] = perm[-1], perm[axis]  # a swap is its own inverse
    moved = b.op("Transpose", name, perm=perm)
    return b.op("Transpose", b.op("MatMul", moved, b.const(matrix, like=name)), perm=perm)
