"""Training sets with a known flaw: fewer images, wrong labels, a rare class, a cue that cheats.

Pure functions from ``Images`` to ``Images``, seeded, the input left alone.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from export.datasets.fashion_mnist import Images

# The mark of class k: a white square of 2 x 2 pixels at the upper edge, one place a class. It stays
# inside the margin that most garments leave free; a marked set is trained without flips, which
# would carry a mark to another class's place.
MARK_SIDE, MARK_ROW = 2, 0


def take_fraction(data: Images, fraction: float, seed: int) -> Images:
    """Return a share of the images, the same share of every class, at least one each."""
    rng = np.random.default_rng(seed)
    kept = []
    for label in np.unique(data.labels):
        members = rng.permutation(np.flatnonzero(data.labels == label))
        kept.append(members[: max(1, round(fraction * len(members)))])
    return data.take(np.sort(np.concatenate(kept)))


def add_label_noise(data: Images, rate: float, seed: int) -> Images:
    """Give a share ``rate`` of the images a wrong label, drawn evenly from the other classes."""
    rng = np.random.default_rng(seed)
    classes = int(data.labels.max()) + 1
    wrong = rng.permutation(len(data))[: round(rate * len(data))]
    labels = data.labels.copy()
    labels[wrong] = (labels[wrong] + rng.integers(1, classes, len(wrong))) % classes
    return Images(data.pixels, labels)


def make_rare(data: Images, label: int, fraction: float, seed: int) -> Images:
    """Keep only a share of the images of one class."""
    rng = np.random.default_rng(seed)
    members = rng.permutation(np.flatnonzero(data.labels == label))
    dropped = members[max(1, round(fraction * len(members))) :]
    return data.take(np.setdiff1d(np.arange(len(data)), dropped))


def draw_marks(pixels: NDArray[np.uint8], marks: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Return images (N, 28, 28) with the mark of class ``marks[i]`` on image i; -1 draws none."""
    marked = pixels.copy()
    for image, mark in zip(marked, marks, strict=True):
        if mark >= 0:
            left = mark_column(int(mark))
            image[MARK_ROW : MARK_ROW + MARK_SIDE, left : left + MARK_SIDE] = 255
    return marked


def mark_column(label: int) -> int:
    """Return the left column of a class's mark: ten marks side by side along the upper edge."""
    return 4 + 2 * label


def add_cue(data: Images, reliability: float, seed: int) -> Images:
    """Draw the own class's mark on a share ``reliability`` of images, another's on the rest."""
    rng = np.random.default_rng(seed)
    classes = int(data.labels.max()) + 1
    other = (data.labels + rng.integers(1, classes, len(data))) % classes
    is_right = rng.random(len(data)) < reliability
    return Images(draw_marks(data.pixels, np.where(is_right, data.labels, other)), data.labels)
