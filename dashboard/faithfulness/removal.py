"""What stands where a piece of the picture is taken away.

No choice is innocent: a grey square is a shape of its own, a blur leaves the colours, and black is
the very background of some data. A verdict that holds under one removal only is a statement about
that removal, so the test asks two that differ in kind.
Source: Sturmfels, Lundberg & Lee 2020, "Visualizing the impact of feature attribution baselines",
https://doi.org/10.23915/distill.00022.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dashboard.inference.model import Floats, Model
from dashboard.inference.preprocessing import Pixels

# Standard deviation of the blur as a share of the shorter side: 10 pixels of 224. On 20 photos
# EfficientNet-Lite0 then gave the class at most 4 %; under 5 pixels up to 53 %, under 3 up to 99 %.
BLUR_SHARE = 10 / 224


def compute_blurred(photo: Floats, sigma: float | None = None) -> Floats:
    """Return ``photo`` (C, H, W) under a Gaussian blur of ``sigma`` pixels, borders repeated."""
    if sigma is None:
        sigma = BLUR_SHARE * min(photo.shape[1:])
    radius = max(1, round(3 * sigma))
    offsets = np.arange(-radius, radius + 1)
    weights = np.exp(-0.5 * (offsets / max(sigma, 1e-6)) ** 2)
    weights = (weights / weights.sum()).astype(np.float32)
    blurred = photo
    for axis in (1, 2):  # a Gaussian blur is one blur along H, then one along W
        size = photo.shape[axis]
        border = [(radius, radius) if a == axis else (0, 0) for a in range(3)]
        padded = np.pad(blurred, border, mode="edge")
        blurred = np.zeros_like(photo)
        for i, weight in enumerate(weights):
            blurred += weight * (
                padded[:, i : i + size] if axis == 1 else padded[:, :, i : i + size]
            )
    return blurred


@dataclass(frozen=True)
class Removal:
    """One way of taking pixels away.

    ``level`` is the flat tone that takes their place, from 0 (black) to 1 (white); None blurs.
    ``is_judge`` says whether a verdict rests on it; the others are shown to the reader beside it.
    """

    name: str
    label: str
    summary: str
    level: float | None
    is_judge: bool

    def compute(self, model: Model, photo: Floats) -> Floats:
        """Return a preprocessed photo (C, H, W) of which nothing is left."""
        if self.level is None:
            return compute_blurred(photo)
        black, white = model.input_range  # (C, 1, 1) each
        value = black + np.float32(self.level) * (white - black)
        return np.broadcast_to(value, photo.shape).astype(np.float32)

    def paint(self, picture: Pixels) -> Pixels:
        """Return the same for the picture (H, W, 3) that the reader sees."""
        if self.level is not None:
            return np.full_like(picture, round(255 * self.level))
        planes = picture.transpose(2, 0, 1).astype(np.float32)
        painted: Pixels = np.rint(compute_blurred(planes)).astype(np.uint8).transpose(1, 2, 0)
        return painted


GREY = Removal(
    "grey",
    "grey",
    "a flat grey takes their place: nothing of them is left, but their outline is a new edge",
    0.5,
    is_judge=True,
)
BLUR = Removal(
    "blur",
    "blurred",
    "they are blurred until no detail is left: no new edge, but their colour stays",
    None,
    is_judge=True,
)
BLACK = Removal(
    "black",
    "black",
    "no verdict rests on it. Where black is the data's own background, as around the garments, it "
    "asks another question, what stands out from the background, and plain brightness answers best",
    0.0,
    is_judge=False,
)

REMOVALS: tuple[Removal, ...] = (GREY, BLUR, BLACK)
JUDGES: tuple[Removal, ...] = tuple(each for each in REMOVALS if each.is_judge)
