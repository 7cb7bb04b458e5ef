"""Masked gradients: the mean of d score / d mask at an image shown through random masks.

The masks and what fills the rest are drawn when the graph is written, as ``masks.py`` says, and are
the same for all images of a batch; a fill that is a copy of the image is made in the graph. The
value of a place is gradient x (image - fill), whose mean is smoothed.
"""

from collections.abc import Callable

import numpy as np

from export.autodiff.deploy.graph_builder import GraphBuilder, Options
from export.autodiff.deploy.loop import sum_gradients
from export.autodiff.deploy.masks import (
    N_COPIES,
    UNITS,
    Draws,
    create_copiers,
    create_smoothers,
    draw,
    interpolate,
)
from export.autodiff.differentiate import GRADIENT
from export.autodiff.errors import UnsupportedGraph


def emit(s: GraphBuilder, options: Options) -> str:
    """Return the name of the attributions, in the image's shape."""
    if options.n_masks < 1:
        raise UnsupportedGraph("masked gradients need a mask")
    shape = get_shape(s)
    draws = draw(options.n_masks, shape, options.seed)
    to_channels_first, back = _create_views(s)
    image = to_channels_first(s.image)
    emit_away = _prepare_fills(s, image, draws)
    emit_hidden = _prepare_masks(s, draws)
    away = ""

    def emit_point(step: str) -> str:
        nonlocal away
        away = emit_away(step)
        # Not fill + mask x (image - fill): where nothing is hidden this is the image to the bit.
        return back(s.op("Sub", image, s.op("Mul", emit_hidden(step), away)))

    def emit_term() -> str:
        return back(s.op("Mul", to_channels_first(GRADIENT), away))

    mean = sum_gradients(s, [1.0 / len(draws)] * len(draws), emit_point, emit_term)
    rows, columns = create_smoothers(shape[1:])
    smooth = s.op("MatMul", s.constant(rows), to_channels_first(mean))
    return back(s.op("MatMul", smooth, s.constant(columns.T)))


def get_shape(s: GraphBuilder) -> tuple[int, int, int]:
    """Return (C, H, W) of the image, wherever its channels are."""
    height, width = s.picture_size
    return int(np.prod(s.image_shape)) // (height * width), height, width


def _create_views(s: GraphBuilder) -> tuple[Callable[[str], str], Callable[[str], str]]:
    """Return what moves channels to the front, and back."""
    if s.image_shape[1:] == s.picture_size:
        return (lambda name: name), (lambda name: name)
    return (
        lambda name: s.op("Transpose", name, perm=[0, 3, 1, 2]),
        lambda name: s.op("Transpose", name, perm=[0, 2, 3, 1]),
    )


def _prepare_fills(s: GraphBuilder, image: str, draws: Draws) -> Callable[[str], str]:
    """Return what emits image - fill (N, C, H, W) at a step; the last step's does not matter."""
    copies = [
        s.op("MatMul", s.op("MatMul", s.constant(left), image), s.constant(right.T))
        for left, right in create_copiers(draws.size)
    ]
    first = s.constant(np.array([0]))
    none = s.op("Sub", image, image)
    stacked = s.op("Concat", *(s.op("Unsqueeze", c, first) for c in (*copies, none)), axis=0)
    plane = s.constant(np.array([2, 3]))
    darkest = s.op("ReduceMin", image, plane, keepdims=1)  # (N, C, 1, 1)
    span = s.op("Sub", s.op("ReduceMax", image, plane, keepdims=1), darkest)
    rows, columns = (s.constant(interpolate(UNITS, side)) for side in draws.size)
    columns = s.op("Transpose", columns, perm=[1, 0])
    kinds = np.append(draws.kinds, 0)
    kind = s.constant(np.minimum(kinds, N_COPIES))
    is_drawn = s.constant((kinds >= N_COPIES).astype(np.float32))
    levels = s.constant(np.concatenate([draws.levels, 0 * draws.levels[:1]]))

    def emit_away(step: str) -> str:
        level = s.op("MatMul", s.op("MatMul", rows, s.op("Gather", levels, step)), columns)
        lowest = s.op("Mul", darkest, s.op("Gather", is_drawn, step))
        drawn = s.op("Add", lowest, s.op("Mul", span, level))  # 0 where the fill is a copy
        fill = s.op("Add", s.op("Gather", stacked, s.op("Gather", kind, step)), drawn)
        return s.op("Sub", image, fill)

    return emit_away


def _prepare_masks(s: GraphBuilder, draws: Draws) -> Callable[[str], str]:
    """Return what emits, at a step, how much is hidden (H, W); nothing at the last."""
    hidden = s.constant(np.concatenate([1 - draws.cells, 0 * draws.cells[:1]]))
    sides = [
        (s.constant(matrix), s.constant(np.append(starts, 0)[:, np.newaxis]), size)
        for matrix, starts, size in (
            (draws.rows, draws.tops, draws.size[0]),
            (draws.columns, draws.lefts, draws.size[1]),
        )
    ]

    def emit_hidden(step: str) -> str:
        parts = []
        for matrix, starts, size in sides:
            start = s.op("Gather", starts, step)  # (1,)
            stop = s.op("Add", start, s.constant(np.array([size])))
            parts.append(s.op("Slice", matrix, start, stop))  # (size, K)
        rows, columns = parts
        cells = s.op("MatMul", rows, s.op("Gather", hidden, step))
        return s.op("MatMul", cells, s.op("Transpose", columns, perm=[1, 0]))

    return emit_hidden
