"""Learning curves: error against the number of training examples, and the law they follow.

Over many tasks the error falls as a power of the number of examples, down to a floor: Hestness et
al. 2017, "Deep Learning Scaling is Predictable, Empirically", arXiv 1712.00409.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dashboard.inference.model import Doubles

MIN_POINTS = 3
_EXPONENTS = np.linspace(0.02, 2.0, 199)
_RESAMPLES = 200
_ENDS = (0.025, 0.975)


@dataclass(frozen=True)
class Point:
    """Trainings on ``images`` examples: each one's share of errors in (0, 1) on ``tested``."""

    images: int
    errors: tuple[float, ...]
    tested: int

    @property
    def error(self) -> float:
        """The mean over the trainings."""
        return sum(self.errors) / len(self.errors)


@dataclass(frozen=True)
class PowerLaw:
    """error = floor + scale * images ** -exponent."""

    floor: float
    scale: float
    exponent: float

    def predict(self, images: float) -> float:
        """Return the share of errors expected of so many examples."""
        return float(self.floor + self.scale * images**-self.exponent)

    def count_images(self, error: float) -> float:
        """Return how many examples an error takes; infinite at the floor and below it."""
        if error <= self.floor:
            return float("inf")
        return float((self.scale / (error - self.floor)) ** (1 / self.exponent))


@dataclass(frozen=True)
class Fit:
    """The law of the points, and the laws of as many resamples of them (see ``fit``)."""

    law: PowerLaw
    resamples: tuple[PowerLaw, ...]

    def bound(self, images: float) -> tuple[float, float]:
        """Return the 95 % interval of the error expected of so many examples."""
        return _bound([law.predict(images) for law in self.resamples])

    def bound_images(self, error: float) -> tuple[float, float]:
        """Return the 95 % interval of the examples that an error takes; its end may be infinite."""
        return _bound([law.count_images(error) for law in self.resamples])


def fit_power_law(images: Sequence[float], errors: Sequence[float]) -> PowerLaw:
    """Return the law with the least squares of *relative* residuals.

    Raises:
        ValueError: there are fewer than ``MIN_POINTS`` points, or one of no error or no example.
    """
    return _fit(np.asarray(images, np.float64), np.asarray([errors], np.float64))[0]


def fit(points: Sequence[Point], seed: int = 0) -> Fit:
    """Return the law of the points and those of resamples, which tell how sure it is.

    A resample draws each point's trainings with replacement and adds the chance of a test set of
    its size: the bootstrap (Efron 1979), by point.

    Raises:
        ValueError: there are too few points, see ``fit_power_law``.
    """
    images = np.array([point.images for point in points], np.float64)
    law = fit_power_law(images.tolist(), [point.error for point in points])
    generator = np.random.default_rng(seed)
    drawn = np.stack([_resample(point, generator) for point in points], axis=1)  # (resamples, P)
    return Fit(law, tuple(_fit(images, drawn)))


def _resample(point: Point, generator: np.random.Generator) -> Doubles:
    count = len(point.errors)
    drawn = generator.choice(point.errors, (_RESAMPLES, count)).mean(axis=1)
    noise = np.sqrt(drawn * (1 - drawn) / (point.tested * count))
    moved: Doubles = np.clip(drawn + noise * generator.standard_normal(_RESAMPLES), 1e-4, 1)
    return moved


def _fit(images: Doubles, errors: Doubles) -> list[PowerLaw]:
    """Return the law of each row of errors (B, P): linear in floor and scale for any exponent."""
    if len(images) < MIN_POINTS or errors.shape[1] != len(images):
        raise ValueError(f"a law takes {MIN_POINTS} points or more, each with its error")
    if (images <= 0).any() or (errors <= 0).any():
        raise ValueError("a point of no example or of no error is on no power law")
    # Relative residuals: (floor + scale * x - error) / error = floor * u + scale * v - 1.
    powers = images[np.newaxis] ** -_EXPONENTS[:, np.newaxis]  # (E, P)
    u = 1 / errors[:, np.newaxis]  # (B, 1, P)
    v = powers[np.newaxis] * u  # (B, E, P)
    uu, uv, vv = (u * u).sum(2), (u * v).sum(2), (v * v).sum(2)
    su, sv = u.sum(2), v.sum(2)
    determinant = uu * vv - uv * uv
    floor = np.maximum((su * vv - sv * uv) / determinant, 0)  # no error is below none
    scale = np.maximum((sv - floor * uv) / vv, 1e-12)
    residuals = ((floor[..., np.newaxis] * u + scale[..., np.newaxis] * v - 1) ** 2).sum(2)
    best = residuals.argmin(1)  # (B,)
    rows = np.arange(len(errors))
    found = (floor[rows, best], scale[rows, best], _EXPONENTS[best])
    return [PowerLaw(float(c), float(a), float(b)) for c, a, b in zip(*found, strict=True)]


def _bound(values: Sequence[float]) -> tuple[float, float]:
    """Return the ends of the 95 % interval; by order, so that infinite values do no harm."""
    ordered = sorted(values)
    low, high = (ordered[round(end * (len(ordered) - 1))] for end in _ENDS)
    return low, high
