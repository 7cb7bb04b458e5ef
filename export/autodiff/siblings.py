"""Pieces cut from one tensor: their gradients are joined by one Concat.

Each piece's own gradient would be a tensor of full size, zero outside the piece, and as many Adds:
for a recurrent net unrolled over T steps that is T full copies.
"""

from dataclasses import dataclass

import numpy as np

from export.autodiff.builder import Builder
from export.autodiff.node import Node, view
from export.autodiff.shapes import Shape


@dataclass(frozen=True)
class Piece:
    """Where a node cuts: ``start <= index < stop`` along one axis of its input."""

    axis: int
    start: int
    stop: int


class Siblings:
    """Finds the tensors that several Slice or Gather nodes cut, and joins the gradients.

    Args:
        b: emits the gradient graph.
    """

    def __init__(self, b: Builder) -> None:
        self.b = b
        self.cuts: dict[str, Piece] = {}  # by the cut's output
        self.waiting: dict[str, list[tuple[Piece, str]]] = {}  # by the tensor that is cut
        self._find()

    def _find(self) -> None:
        groups: dict[tuple[str, int], list[tuple[str, Piece]]] = {}
        for node in self.b.graph.nodes:
            if node.op_type in ("Slice", "Gather") and self.b.needs_grad(node.output[0]):
                piece = self._piece(view(node, self.b.graph.opset))
                if piece is not None:
                    found = groups.setdefault((node.input[0], piece.axis), [])
                    found.append((node.output[0], piece))
        for group in groups.values():
            if len(group) > 1:
                self.cuts.update(group)

    def _piece(self, node: Node) -> Piece | None:
        """Return what a node cuts, if that is one static range in steps of 1."""
        tensors, inputs = self.b.tensors, node.inputs
        if inputs[0] not in tensors or node.outputs[0] not in tensors:
            return None
        shape, after = tensors[inputs[0]].shape, tensors[node.outputs[0]].shape
        if node.op_type == "Gather":
            return self._gathered(inputs[1], shape, int(node.attributes["axis"]) % len(shape))
        changed = [i for i, d in enumerate(shape) if d != after[i]]
        if len(changed) != 1:
            return None
        cut = changed[0]
        size, width, start = shape[cut], after[cut], self._start(node, cut, len(shape))
        if start is None or not isinstance(size, int) or not isinstance(width, int):
            return None
        first = start + size if start < 0 else start
        if not 0 <= first <= size - width:
            return None
        return Piece(cut, first, first + width)

    def _gathered(self, indices: str, shape: Shape, axis: int) -> Piece | None:
        index, size = self.b.value(indices), shape[axis]
        if index is None or index.ndim or not isinstance(size, int):
            return None
        start = int(index) % size
        return Piece(axis, start, start + 1)

    def _start(self, node: Node, axis: int, rank: int) -> int | None:
        starts, axes, steps = (self.b.value(node.input(i)) for i in (1, 3, 4))
        unknown = [i for i, v in ((3, axes), (4, steps)) if node.input(i) and v is None]
        if starts is None or unknown or (steps is not None and (steps != 1).any()):
            return None
        places = range(len(starts)) if axes is None else [int(a) % rank for a in axes]
        return next((int(s) for s, a in zip(starts, places, strict=True) if a == axis), None)

    def take(self, node: Node, grad: str | None) -> bool:
        """Keep a cut's gradient for later; return whether the node is one of several cuts."""
        if grad is None or node.op_type not in ("Slice", "Gather"):
            return False
        piece = self.cuts.get(node.outputs[0])
        if piece is None:
            return False
        if self.b.rank(grad) < self.b.rank(node.inputs[0]):  # a Gather by a scalar removed the axis
            grad = self.b.op("Unsqueeze", grad, [piece.axis])
        self.waiting.setdefault(node.inputs[0], []).append((piece, grad))
        return True

    def joined(self, name: str) -> list[str]:
        """Return the gradients of all cuts of a tensor, each group joined to the full shape."""
        axes: dict[int, dict[Piece, list[str]]] = {}
        for piece, grad in self.waiting.pop(name, []):
            axes.setdefault(piece.axis, {}).setdefault(piece, []).append(grad)
        return [
            self._join(name, row)
            for pieces in axes.values()
            for row in _rows({p: self.b.total(grads) for p, grads in pieces.items()})
        ]

    def _join(self, name: str, row: list[tuple[Piece, str]]) -> str:
        axis = row[0][0].axis
        parts, end = [], 0
        for piece, grad in row:
            parts += [*self._gap(name, axis, piece.start - end), grad]
            end = piece.stop
        parts += self._gap(name, axis, self.b.size(name, axis) - end)
        return self.b.op("Concat", *parts, axis=axis) if len(parts) > 1 else parts[0]

    def _gap(self, name: str, axis: int, width: int) -> list[str]:
        if not width:
            return []
        zero = self.b.const(0.0, like=name)
        shape = self.b.shape(name)
        if all(isinstance(d, int) for d in shape):
            target = self.b.const(np.array([*shape[:axis], width, *shape[axis + 1 :]], np.int64))
        else:
            before = self.b.op("Shape", name, start=0, end=axis) if axis else None
            after = self.b.op("Shape", name, start=axis + 1) if axis + 1 < len(shape) else None
            middle = self.b.const(np.array([width], np.int64))
            known = [part for part in (before, middle, after) if part is not None]
            target = self.b.op("Concat", *known, axis=0) if len(known) > 1 else known[0]
        return [self.b.op("Expand", zero, target)]


def _rows(pieces: dict[Piece, str]) -> list[list[tuple[Piece, str]]]:
    """Lay pieces into rows in which none overlaps another."""
    rows: list[list[tuple[Piece, str]]] = []
    for piece, grad in sorted(pieces.items(), key=lambda item: (item[0].start, item[0].stop)):
        row = next((r for r in rows if r[-1][0].stop <= piece.start), None)
        if row is None:
            rows.append(row := [])
        row.append((piece, grad))
    return rows
