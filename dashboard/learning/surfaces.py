"""Landscapes to walk down blindfolded: losses of two numbers, with their gradients by hand.

A new surface is two functions and one entry in ``SURFACES``. Both functions take points (..., 2);
the value is (...), the gradient (..., 2). Every minimum and every saddle inside the domain is
listed, so that a walk's end can be judged.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from dashboard.inference.model import Doubles
from dashboard.learning.neuron import compute_error, compute_error_gradient

Range = tuple[float, float]
Point = tuple[float, float]


@dataclass(frozen=True)
class Minimum:
    """A place lower than everything around it; a global one is lower than everything else too."""

    point: Point
    value: float
    is_global: bool = True


@dataclass(frozen=True)
class Surface:
    """A landscape over ``domain`` (the range of either axis), called ``axes``.

    ``start``, ``rate`` and ``steps`` are the place, rate and number of steps to begin with.
    """

    name: str
    label: str
    summary: str
    axes: tuple[str, str]
    domain: tuple[Range, Range]
    value: Callable[[Doubles], Doubles]
    gradient: Callable[[Doubles], Doubles]
    minima: tuple[Minimum, ...]
    saddles: tuple[Point, ...]
    start: Point
    rate: float
    steps: int

    def has_inside(self, point: Point) -> bool:
        """Return whether ``point`` lies in the domain; one that is not a number does not."""
        return all(low <= at <= high for at, (low, high) in zip(point, self.domain, strict=True))


def _join(dx: Doubles, dy: Doubles) -> Doubles:
    return np.stack([dx, dy], axis=-1)  # (..., 2)


def compute_bowl(points: Doubles) -> Doubles:
    """(x^2 + y^2) / 2: curvature 1 everywhere, so a rate above 2 diverges."""
    return np.asarray((points**2).sum(axis=-1) / 2)


def compute_bowl_gradient(points: Doubles) -> Doubles:
    """(x, y): one step of rate 1 arrives."""
    return points.copy()


def compute_ravine(points: Doubles) -> Doubles:
    """(x^2 + 25 y^2) / 2: 25 times as steep across as along; a rate above 2/25 diverges."""
    return np.asarray((points[..., 0] ** 2 + 25 * points[..., 1] ** 2) / 2)


def compute_ravine_gradient(points: Doubles) -> Doubles:
    """(x, 25 y)."""
    return _join(points[..., 0], 25 * points[..., 1])


def compute_banana(points: Doubles) -> Doubles:
    """(1 - x)^2 + 10 (y - x^2)^2: Rosenbrock's bent valley, a tenth as steep as his."""
    x, y = points[..., 0], points[..., 1]
    return np.asarray((1 - x) ** 2 + 10 * (y - x**2) ** 2)


def compute_banana_gradient(points: Doubles) -> Doubles:
    """(-2 (1 - x) - 40 x (y - x^2), 20 (y - x^2))."""
    x, y = points[..., 0], points[..., 1]
    return _join(-2 * (1 - x) - 40 * x * (y - x**2), 20 * (y - x**2))


def compute_two_valleys(points: Doubles) -> Doubles:
    """x^4 - x^3/3 - 2 x^2 + x + 5/3 + y^2: 0 at x = -1, 4/3 at x = 1, a ridge at x = 1/4."""
    x, y = points[..., 0], points[..., 1]
    return np.asarray(x**4 - x**3 / 3 - 2 * x**2 + x + 5 / 3 + y**2)


def compute_two_valleys_gradient(points: Doubles) -> Doubles:
    """(4 (x + 1) (x - 1/4) (x - 1), 2 y)."""
    x, y = points[..., 0], points[..., 1]
    return _join(4 * (x + 1) * (x - 0.25) * (x - 1), 2 * y)


def compute_saddle(points: Doubles) -> Doubles:
    """x^2/2 + (y^2 - 1)^2/4: a pass at the origin between two equal valleys at y = -1 and 1."""
    x, y = points[..., 0], points[..., 1]
    return np.asarray(x**2 / 2 + (y**2 - 1) ** 2 / 4)


def compute_saddle_gradient(points: Doubles) -> Doubles:
    """(x, y (y^2 - 1)): on the line y = 0 it points to the pass and nowhere else."""
    x, y = points[..., 0], points[..., 1]
    return _join(x, y * (y**2 - 1))


_WIDTH = 0.5  # of the plateau's hole


def compute_plateau(points: Doubles) -> Doubles:
    """1 - exp(-(x^2 + y^2) / (2 * 0.5^2)): a hole in a plain; far from it nothing slopes."""
    return np.asarray(1 - np.exp(-(points**2).sum(axis=-1) / (2 * _WIDTH**2)))


def compute_plateau_gradient(points: Doubles) -> Doubles:
    """(x, y) / 0.5^2 * exp(-(x^2 + y^2) / (2 * 0.5^2))."""
    return np.asarray(points / _WIDTH**2 * (1 - compute_plateau(points))[..., np.newaxis])


_PLAIN = ("x", "y")
_SQUARE = ((-2.0, 2.0), (-2.0, 2.0))

SURFACES: tuple[Surface, ...] = (
    Surface(
        "bowl",
        "Bowl",
        "The same curve in every direction: the slope points straight to the bottom.",
        _PLAIN,
        _SQUARE,
        compute_bowl,
        compute_bowl_gradient,
        (Minimum((0.0, 0.0), 0.0),),
        (),
        (-1.5, 1.2),
        0.3,
        50,
    ),
    Surface(
        "ravine",
        "Ravine",
        "25 times as steep across as along: what is too fast for one is too slow for the other.",
        _PLAIN,
        _SQUARE,
        compute_ravine,
        compute_ravine_gradient,
        (Minimum((0.0, 0.0), 0.0),),
        (),
        (-1.8, 0.8),
        0.07,
        200,
    ),
    Surface(
        "banana",
        "Bent valley",
        "Down into the valley is quick; along its bottom it is slow (Rosenbrock 1960).",
        _PLAIN,
        ((-2.0, 2.0), (-1.0, 3.0)),
        compute_banana,
        compute_banana_gradient,
        (Minimum((1.0, 1.0), 0.0),),
        (),
        (-1.5, 2.0),
        0.01,
        200,
    ),
    Surface(
        "two_valleys",
        "Two valleys",
        "One is deeper. Blindfolded, the start decides which one is found.",
        _PLAIN,
        _SQUARE,
        compute_two_valleys,
        compute_two_valleys_gradient,
        (Minimum((-1.0, 0.0), 0.0), Minimum((1.0, 0.0), 4 / 3, is_global=False)),
        ((0.25, 0.0),),
        (1.7, 1.5),
        0.05,
        100,
    ),
    Surface(
        "saddle",
        "Saddle",
        "Downhill to the left and right, uphill ahead and behind: flat, and yet no valley.",
        _PLAIN,
        _SQUARE,
        compute_saddle,
        compute_saddle_gradient,
        (Minimum((0.0, -1.0), 0.0), Minimum((0.0, 1.0), 0.0)),
        ((0.0, 0.0),),
        (1.6, 0.02),
        0.2,
        100,
    ),
    Surface(
        "plateau",
        "Plateau",
        "Far from the hole the ground is level: no slope, no direction, no progress.",
        _PLAIN,
        _SQUARE,
        compute_plateau,
        compute_plateau_gradient,
        (Minimum((0.0, 0.0), 0.0),),
        (),
        (-1.6, 1.0),
        0.1,
        200,
    ),
    Surface(
        "neuron",
        "A real neuron",
        "The squared error of one sigmoid neuron on four examples, by its weight and its bias.",
        ("weight", "bias"),
        ((-3.0, 9.0), (-5.0, 4.0)),
        compute_error,
        compute_error_gradient,
        (
            Minimum((0.122922, -0.995823), 0.094579),
            Minimum((5.542751, -1.385755), 0.202498, is_global=False),
        ),
        ((2.055830, -0.585045),),
        (4.0, 2.0),
        6.0,
        500,
    ),
)

_BY_NAME = {surface.name: surface for surface in SURFACES}


def get_surface(name: str) -> Surface:
    """Return the surface called ``name``; raises KeyError if there is none."""
    return _BY_NAME[name]


def compute_heights(surface: Surface, resolution: int = 81) -> tuple[Doubles, Doubles, Doubles]:
    """Return ticks x (R,), ticks y (R,) over the domain and the values (R, R), lowest y first."""
    x, y = (np.linspace(low, high, resolution) for low, high in surface.domain)
    points = np.stack(np.meshgrid(x, y), axis=-1)  # (R, R, 2)
    return x, y, surface.value(points)


def compute_size(surface: Surface) -> float:
    """Return the length of the domain's longer side: the measure for near and far."""
    return max(high - low for low, high in surface.domain)
