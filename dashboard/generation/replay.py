"""The contest of a GAN replayed: the generator and the discriminator at moments of their training.

Goodfellow et al. 2014, "Generative Adversarial Nets", arXiv 1406.2661; with classes: Mirza and
Osindero 2014, arXiv 1411.1784. The discriminator's score is above 0 for "real" (hinge loss).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from dashboard.inference.graphs import Array
from dashboard.inference.model import Floats

Labels = NDArray[np.int64]

_CHUNK = 25  # pictures at once: more are no faster, and ONNX Runtime keeps the memory they took


class Graph(Protocol):
    """Whatever runs a graph of the zoo."""

    def run(self, feed: Mapping[str, Array], outputs: Sequence[str] = ()) -> dict[str, Array]:
        """Return the named outputs."""
        ...


@dataclass(frozen=True, eq=False)
class Moment:
    """One moment: the generated pictures (K, 28, 28) in [-1, 1] of the latents that are shown.

    ``fake_right`` and ``real_right`` are the shares, in [0, 1], of generated and of real pictures
    that this moment's discriminator takes for what they are.
    """

    images: Floats
    fake_right: float
    real_right: float


def draw_latents(count: int, size: int, seed: int) -> Floats:
    """Return standard normal latents (count, size)."""
    return np.random.default_rng(seed).standard_normal((count, size), np.float32)


def run_generator(generator: Graph, latents: Floats, labels: Labels) -> Floats:
    """Return pictures (N, 28, 28) in [-1, 1] of latents (N, size) and classes (N,)."""
    parts = [
        generator.run({"latent": latents[i : i + _CHUNK], "label": labels[i : i + _CHUNK]})["image"]
        for i in range(0, len(latents), _CHUNK)
    ]
    return np.concatenate(parts)[:, 0]


def score(discriminator: Graph, images: Floats, labels: Labels) -> Floats:
    """Return the discriminator's scores (N,) of pictures (N, 28, 28) said to be of classes (N,)."""
    pictures = images[:, np.newaxis]
    parts = [
        discriminator.run({"image": pictures[i : i + _CHUNK], "label": labels[i : i + _CHUNK]})[
            "score"
        ]
        for i in range(0, len(images), _CHUNK)
    ]
    return np.concatenate(parts)[:, 0]


def look_at_moment(
    generator: Graph,
    discriminator: Graph,
    shown: tuple[Floats, Labels],
    judged: tuple[Floats, Labels],
    real: tuple[Floats, Labels],
) -> Moment:
    """Return a moment of ``shown`` and ``judged`` (latents, labels), ``real`` (images, labels)."""
    generated = run_generator(generator, *judged)
    return Moment(
        run_generator(generator, *shown),
        float((score(discriminator, generated, judged[1]) < 0).mean()),
        float((score(discriminator, *real) > 0).mean()),
    )


def walk(start: Floats, end: Floats, count: int) -> Floats:
    """Return ``count`` latents (count, size) from one (size,) to another, on the great circle.

    Latents of many numbers lie near a sphere, and the straight way leads through its hollow middle
    (White 2016, arXiv 1609.04468).
    """
    a, b = start.astype(np.float64), end.astype(np.float64)
    cosine = float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))
    angle = np.arccos(np.clip(cosine, -1, 1))
    steps = np.linspace(0, 1, count)[:, np.newaxis]
    if angle < 1e-6:  # the same direction: the way is straight
        return ((1 - steps) * a + steps * b).astype(np.float32)
    way = (np.sin((1 - steps) * angle) * a + np.sin(steps * angle) * b) / np.sin(angle)
    latents: Floats = way.astype(np.float32)
    return latents


def tile(images: Floats, columns: int) -> Floats:
    """Return pictures (N, H, W) as one, row by row; places left over are black."""
    count, height, width = images.shape
    rows = -(-count // columns)
    filled = np.full((rows * columns, height, width), -1, np.float32)
    filled[:count] = images
    grid = filled.reshape(rows, columns, height, width).transpose(0, 2, 1, 3)
    return np.ascontiguousarray(grid.reshape(rows * height, columns * width))
