"""Toy problems in the plane: two classes of points that a small network has to tell apart.

A new problem is one function, which places points of given classes without noise, and one entry in
``PROBLEMS``. Points lie in [-1, 1] on both axes before noise is added.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dashboard.inference.model import Doubles

Labels = NDArray[np.int64]
Place = Callable[[Labels, np.random.Generator], Doubles]

_TRAIN, _TEST = 0, 1


@dataclass(frozen=True, eq=False)
class Points:
    """``inputs`` (N, 2) and their classes, ``labels`` (N,), 0 or 1."""

    inputs: Doubles
    labels: Labels

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, indices: NDArray[np.int64]) -> Points:
        """Return the points at ``indices``, in their order."""
        return Points(self.inputs[indices], self.labels[indices])


@dataclass(frozen=True, eq=False)
class Split:
    """What a network learns from and what it is judged by: drawn alike, no point in both."""

    train: Points
    test: Points


@dataclass(frozen=True)
class Problem:
    """A toy problem; ``place`` puts points of the given classes where they belong, without noise.

    ``noise`` is the level to start with: the standard deviation of what is added to both axes.
    """

    name: str
    label: str
    summary: str
    noise: float
    place: Place


def place_moons(labels: Labels, rng: np.random.Generator) -> Doubles:
    """Two half circles of radius 2/3, each reaching into the other's hollow."""
    angles = rng.uniform(0, math.pi, len(labels))
    sides = 1 - 2 * labels  # +1: the upper moon, class 0; -1: the lower
    x = sides * (np.cos(angles) * 2 / 3 - 1 / 3)
    y = sides * (np.sin(angles) * 2 / 3 - 1 / 6)
    return np.stack([x, y], axis=1)  # (N, 2)


def place_circles(labels: Labels, rng: np.random.Generator) -> Doubles:
    """A ring of radius 0.9, class 0, around one of radius 0.4, class 1."""
    angles = rng.uniform(0, 2 * math.pi, len(labels))
    radii = np.where(labels == 0, 0.9, 0.4)
    return np.stack([radii * np.cos(angles), radii * np.sin(angles)], axis=1)  # (N, 2)


def place_xor(labels: Labels, rng: np.random.Generator) -> Doubles:
    """Four squares; class 1 where exactly one coordinate is negative: exclusive or of the signs."""
    inputs = rng.uniform(0.1, 1, (len(labels), 2))
    inputs[:, 0] *= rng.choice([-1, 1], len(labels))
    inputs[:, 1] *= np.sign(inputs[:, 0]) * (1 - 2 * labels)
    return inputs


def place_spiral(labels: Labels, rng: np.random.Generator) -> Doubles:
    """Two arms that wind outwards, a little over one turn each, half a turn apart."""
    radii = rng.uniform(0.1, 1, len(labels))
    angles = 2 * math.pi * 1.25 * radii + math.pi * labels
    return np.stack([radii * np.cos(angles), radii * np.sin(angles)], axis=1)  # (N, 2)


def place_blobs(labels: Labels, rng: np.random.Generator) -> Doubles:
    """Two discs of radius 0.3 on a diagonal, which one straight line can part."""
    angles = rng.uniform(0, 2 * math.pi, len(labels))
    radii = 0.3 * np.sqrt(rng.uniform(0, 1, len(labels)))  # the root spreads them evenly
    offsets = np.stack([radii * np.cos(angles), radii * np.sin(angles)], axis=1)  # (N, 2)
    return offsets + 0.45 * (2 * labels[:, np.newaxis] - 1)


PROBLEMS: tuple[Problem, ...] = (
    Problem(
        "blobs",
        "Two clouds",
        "One straight line is enough: a single neuron solves it.",
        0.1,
        place_blobs,
    ),
    Problem(
        "moons",
        "Two moons",
        "A straight line gets most of it; the border has to bend for the rest.",
        0.07,
        place_moons,
    ),
    Problem(
        "circles",
        "Ring and core",
        "No straight line helps: the border has to close around the core.",
        0.07,
        place_circles,
    ),
    Problem(
        "xor",
        "Exclusive or",
        "Neither coordinate alone says anything about the class, only both together do.",
        0.05,
        place_xor,
    ),
    Problem(
        "spiral",
        "Two spirals",
        "The border winds: it takes more neurons, more layers and more time.",
        0.02,
        place_spiral,
    ),
)

_BY_NAME = {problem.name: problem for problem in PROBLEMS}


def get_problem(name: str) -> Problem:
    """Return the problem called ``name``; raises KeyError if there is none."""
    return _BY_NAME[name]


def create_split(
    problem: Problem,
    n_train: int = 200,
    n_test: int = 200,
    noise: float | None = None,
    seed: int = 0,
) -> Split:
    """Return points to learn from and points to judge by, both with as many of either class.

    ``noise`` is the standard deviation of the Gaussian added to both axes; None is the problem's
    own level. Neither part depends on the other's size.

    Raises:
        ValueError: fewer than two points in a part, or a noise below 0 or not a number.
    """
    level = problem.noise if noise is None else noise
    if not (math.isfinite(level) and level >= 0):
        raise ValueError(f"the noise must be 0 or more, not {level}")
    if min(n_train, n_test) < 2:
        raise ValueError("both parts need at least two points, one of each class")
    return Split(
        _sample(problem, n_train, level, np.random.default_rng([seed, _TRAIN])),
        _sample(problem, n_test, level, np.random.default_rng([seed, _TEST])),
    )


def _sample(problem: Problem, n: int, noise: float, rng: np.random.Generator) -> Points:
    labels = rng.permutation(np.arange(n) % 2)
    clean = problem.place(labels, rng)
    return Points(clean + noise * rng.standard_normal(clean.shape), labels)
