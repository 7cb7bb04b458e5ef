"""Occluders: a part of the object is hidden behind something grey."""

from __future__ import annotations

import numpy as np

from dashboard.stress.base import Corruption, Level, Pixels

_GREY = 128


def compute_squares(image: Pixels, level: Level, rng: np.random.Generator) -> Pixels:
    """Hide ``level[0]`` places under squares whose side is ``level[1]`` of the shorter side.

    Squares may overlap and reach over the edge; more squares keep the places of the fewer.
    """
    height, width, _ = image.shape
    side = max(round(level[1] * min(height, width)), 1)
    hidden = image.copy()
    for y, x in rng.random((int(level[0]), 2)):
        top, left = int(y * height) - side // 2, int(x * width) - side // 2
        hidden[max(top, 0) : top + side, max(left, 0) : left + side] = _GREY
    return hidden


def compute_stripe(image: Pixels, level: Level, rng: np.random.Generator) -> Pixels:
    """Hide an upright stripe in the middle, ``level[0]`` of the width, at least one pixel."""
    width = image.shape[1]
    n_hidden = max(round(level[0] * width), 1)
    first = (width - n_hidden) // 2
    hidden = image.copy()
    hidden[:, first : first + n_hidden] = _GREY
    return hidden


SQUARES = Corruption(
    name="grey_squares",
    label="Grey squares",
    group="occlusion",
    summary="Random places hidden under grey squares.",
    source="after DeVries and Taylor 2017 (Cutout), https://arxiv.org/abs/1708.04552; levels ours",
    compute=compute_squares,
    is_random=True,
    suite="ours",
    levels=((2, 0.15), (4, 0.15), (8, 0.15), (14, 0.15), (24, 0.15)),
)
STRIPE = Corruption(
    name="centre_stripe",
    label="Centre stripe",
    group="occlusion",
    summary="An upright grey stripe across the middle.",
    source="levels chosen here",
    compute=compute_stripe,
    suite="ours",
    is_random=False,
    levels=((0.08,), (0.16,), (0.26,), (0.38,), (0.5,)),
)
