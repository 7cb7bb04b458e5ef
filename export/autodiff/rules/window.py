"""The windows of convolutions and pools: strides, dilations and pads, spelled out.

The specification lets most of them be left out or be derived (``auto_pad``); a gradient needs the
numbers.
"""

from dataclasses import dataclass

from export.autodiff.builder import Builder
from export.autodiff.node import Node

Ints = tuple[int, ...]


@dataclass(frozen=True)
class Window:
    """A sliding window over the spatial axes; every field has one entry an axis.

    Attributes:
        kernel: its size.
        strides: the step between two places.
        dilations: the step between two taps.
        begin: rows padded before the first.
        end: rows that the last place reaches beyond the input; negative where it stops short.
        size: the input's extent.
        places: the output's extent.
    """

    kernel: Ints
    strides: Ints
    dilations: Ints
    begin: Ints
    end: Ints
    size: Ints
    places: Ints

    @property
    def reach(self) -> Ints:
        """From a window's first tap to its last."""
        return tuple(d * (k - 1) for k, d in zip(self.kernel, self.dilations, strict=True))


def read_window(b: Builder, node: Node, kernel: Ints, wide: str, narrow: str) -> Window:
    """Read a node's window.

    Args:
        b: knows the shapes.
        node: a convolution or pool.
        kernel: the window's size.
        wide: the tensor that the window slides over.
        narrow: the tensor with one element a place of the window.
    """
    rank = len(kernel)
    ones = [1] * rank
    size = tuple(b.size(wide, 2 + i) for i in range(rank))
    places = tuple(b.size(narrow, 2 + i) for i in range(rank))
    strides = tuple(node.attributes.get("strides", ones))
    dilations = tuple(node.attributes.get("dilations", ones))
    extents = [
        (n - 1) * s + d * (k - 1) + 1
        for n, s, d, k in zip(places, strides, dilations, kernel, strict=True)
    ]
    begin = _begin(node, rank, [e - w for e, w in zip(extents, size, strict=True)])
    end = tuple(e - w - p for e, w, p in zip(extents, size, begin, strict=True))
    return Window(kernel, strides, dilations, begin, end, size, places)


def _begin(node: Node, rank: int, missing: list[int]) -> Ints:
    """Return the padding before the first row; SAME divides what is missing between both ends."""
    mode = node.attributes["auto_pad"]
    if mode == "NOTSET":
        return tuple(node.attributes.get("pads", [0] * rank)[:rank])
    if mode == "VALID":
        return (0,) * rank
    odd = int(mode == "SAME_LOWER")
    return tuple((max(m, 0) + odd) // 2 for m in missing)
