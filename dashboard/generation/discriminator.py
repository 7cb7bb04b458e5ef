"""What makes a discriminator say "forged" or "real": maps of its score, and a test of the maps.

Gradient x input and integrated gradients (Sundararajan et al. 2017) from the discriminator's own
gradient graph, occlusion (Zeiler and Fergus 2014), and three maps that know nothing of it. The
test is deletion (Petsiuk et al. 2018) by the score: blurred pixels should move it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dashboard.attribution.edges import compute_sobel
from dashboard.generation.replay import Graph, score
from dashboard.inference.gradients import GradientGraph
from dashboard.inference.model import Floats

GRADIENT, INTEGRATED, OCCLUSION = "Gradient × input", "Integrated gradients", "Occlusion"
EDGES, INTENSITY, RANDOM = "Edges (trivial)", "Intensity (trivial)", "Random (trivial)"
TRIVIAL = (EDGES, INTENSITY, RANDOM)
FRACTIONS = (0.0, 0.05, 0.1, 0.2, 0.4)  # of the pixels, removed in a map's order

_STEPS = 32
_WINDOW = 5  # pixels a side
_ORDERS = 20  # random ones


@dataclass(frozen=True, eq=False)
class Judgement:
    """The score of a picture, and maps (28, 28) of what speaks for the verdict, by method."""

    score: float
    maps: Mapping[str, Floats]

    @property
    def says_real(self) -> bool:
        """Whether the verdict is "real"."""
        return self.score > 0


@dataclass(frozen=True, eq=False)
class Deletion:
    """What is left of the verdict as pixels are blurred in a map's order.

    ``scores`` by method, one a fraction of ``FRACTIONS``, above 0 for the first verdict;
    ``pictures`` (F, 28, 28); ``random`` the mean of random orders and ``lucky`` what one in twenty
    of them reaches, as falls of the score averaged over the fractions above 0.
    """

    scores: Mapping[str, Floats]
    pictures: Mapping[str, Floats]
    random: float
    lucky: float

    def compute_fall(self, method: str) -> float:
        """Return how far the score falls on average when a map's first pixels are blurred."""
        values = self.scores[method]
        return float(values[0] - values[1:].mean())


def judge(discriminator: Graph, gradients: GradientGraph, image: Floats, label: int) -> Judgement:
    """Return the score of a picture (28, 28) in [-1, 1] and the maps of the verdict."""
    steps = ((np.arange(_STEPS) + 0.5) / _STEPS).astype(np.float32)
    blurred = blur(image)
    path = blurred + steps[:, np.newaxis, np.newaxis] * (image - blurred)  # (steps, 28, 28)
    images = np.concatenate([image[np.newaxis], path])
    labels = np.full(len(images), label, np.int64)
    _, gradient = gradients.run({"image": images[:, np.newaxis], "label": labels}, 0)
    start = float(score(discriminator, image[np.newaxis], labels[:1])[0])
    sign = np.float32(1 if start > 0 else -1)
    difference = image - blurred
    maps = {
        GRADIENT: sign * gradient[0, 0] * difference,
        INTEGRATED: sign * gradient[1:, 0].mean(0) * difference,
        OCCLUSION: sign * _occlude(discriminator, image, blurred, label, start),
        EDGES: compute_sobel(image),
        INTENSITY: image + 1,
        RANDOM: np.random.default_rng(0).random(image.shape, np.float32),
    }
    return Judgement(start, maps)


def blur(image: Floats) -> Floats:
    """Return a picture (28, 28) averaged over 7 x 7 pixels: what "removed" means here."""
    padded = np.pad(image, 3, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (7, 7))
    mean: Floats = windows.mean(axis=(2, 3), dtype=np.float32)
    return mean


def _occlude(
    discriminator: Graph, image: Floats, blurred: Floats, label: int, start: float
) -> Floats:
    """Return what each pixel's windows take from the score when they are blurred, on average."""
    places = [(y, x) for y in range(-2, 26, 2) for x in range(-2, 26, 2)]
    covers = np.zeros((len(places), *image.shape), bool)
    for cover, (y, x) in zip(covers, places, strict=True):
        cover[max(y, 0) : y + _WINDOW, max(x, 0) : x + _WINDOW] = True
    hidden = np.where(covers, blurred, image).astype(np.float32)
    falls = start - score(discriminator, hidden, np.full(len(hidden), label, np.int64))
    spread: Floats = (covers * falls[:, np.newaxis, np.newaxis]).sum(0) / covers.sum(0)
    return spread.astype(np.float32)


def measure_deletion(
    discriminator: Graph, image: Floats, label: int, judgement: Judgement
) -> Deletion:
    """Return how the verdict fares as pixels are blurred in each map's order and at random."""
    generator = np.random.default_rng(1)
    orders = {
        name: np.argsort(-each.ravel(), kind="stable") for name, each in judgement.maps.items()
    }
    draws = [generator.permutation(image.size) for _ in range(_ORDERS)]
    blurred = blur(image)
    pictures = np.stack(
        [_remove(image, blurred, order) for order in (*orders.values(), *draws)]
    )  # (orders, F, 28, 28)
    flat = pictures.reshape(-1, *image.shape)
    scores = score(discriminator, flat, np.full(len(flat), label, np.int64))
    sign = 1 if judgement.says_real else -1
    table = (sign * scores).reshape(len(pictures), len(FRACTIONS))
    falls = table[:, 0] - table[:, 1:].mean(1)
    random = falls[len(orders) :]
    return Deletion(
        dict(zip(orders, table, strict=False)),
        dict(zip(orders, pictures, strict=False)),
        float(random.mean()),
        float(np.quantile(random, 0.95)),
    )


def _remove(image: Floats, blurred: Floats, order: NDArray[np.intp]) -> Floats:
    """Return the picture with growing fractions of its pixels blurred, (F, 28, 28)."""
    steps = []
    for fraction in FRACTIONS:
        picture = image.copy().ravel()
        places = order[: round(fraction * image.size)]
        picture[places] = blurred.ravel()[places]
        steps.append(picture.reshape(image.shape))
    return np.stack(steps)
