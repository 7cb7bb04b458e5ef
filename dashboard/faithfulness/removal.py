"""What stands where a piece of the picture is taken away.

No choice is innocent: a grey square is a shape of its own, a blur leaves the colours, and black is
the very background of some data. A verdict that holds under one removal only is a statement about
that removal, so the test asks at least two that differ in kind.
Source: Sturmfels, Lundberg & Lee 2020, "Visualizing the impact of feature attribution baselines",
https://doi.org/10.23915/distill.00022.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from dashboard.faithfulness.insertion import compute_blurred
from dashboard.inference.model import Floats, Model


@dataclass(frozen=True)
class Removal:
    """One way of taking pixels away: ``compute(model, photo)`` maps (C, H, W) to (C, H, W).

    ``is_judge`` says whether a verdict rests on it; the others are shown to the reader beside it.
    """

    name: str
    label: str
    summary: str
    compute: Callable[[Model, Floats], Floats]
    is_judge: bool


def _fill(level: float) -> Callable[[Model, Floats], Floats]:
    def compute(model: Model, photo: Floats) -> Floats:
        black, white = model.input_range  # (C, 1, 1) each
        value = black + np.float32(level) * (white - black)
        return np.broadcast_to(value, photo.shape).astype(np.float32)

    return compute


def _blur(model: Model, photo: Floats) -> Floats:
    return compute_blurred(photo)


GREY = Removal(
    "grey", "grey", "a flat grey takes its place: nothing is left, but a new edge is made",
    _fill(0.5), is_judge=True,
)  # fmt: skip
BLUR = Removal(
    "blur", "blurred", "it is blurred until no detail is left: no new edge, but its colour stays",
    _blur, is_judge=True,
)  # fmt: skip
BLACK = Removal(
    "black", "black", "black takes its place",
    _fill(0.0), is_judge=False,
)  # fmt: skip

REMOVALS: tuple[Removal, ...] = (GREY, BLUR, BLACK)
JUDGES: tuple[Removal, ...] = tuple(each for each in REMOVALS if each.is_judge)
