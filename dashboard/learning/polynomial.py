"""Under- and overfitting: polynomials of rising degree through a few noisy samples of a curve.

A low degree cannot follow the curve, a high one follows the noise. Fits are least squares in
Chebyshev's polynomials rather than in powers of x, whose equations are nearly the same equation
from degree 10 on. The figure is Bishop's: Pattern Recognition and Machine Learning, 2006,
section 1.1.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.polynomial import Chebyshev

from dashboard.inference.model import Doubles

_TRAIN, _TEST = 0, 1


@dataclass(frozen=True, eq=False)
class Samples:
    """Places ``x`` (N,) in [-1, 1], ascending, and what was measured there, ``y`` (N,)."""

    x: Doubles
    y: Doubles


@dataclass(frozen=True, eq=False)
class Fit:
    """A polynomial and its root mean squared errors, in units of y; the noise is among them."""

    degree: int
    polynomial: Chebyshev
    train_error: float
    test_error: float

    def predict(self, x: Doubles) -> Doubles:
        """Return the polynomial's values at ``x``."""
        return np.asarray(self.polynomial(x), dtype=np.float64)


def compute_curve(x: Doubles) -> Doubles:
    """Return the curve that the samples are of: sin(pi x), between -1 and 1."""
    return np.asarray(np.sin(math.pi * x))


def create_samples(
    n_train: int = 15, n_test: int = 200, noise: float = 0.2, seed: int = 0
) -> tuple[Samples, Samples]:
    """Return samples to fit and samples to judge by, with Gaussian ``noise`` (its deviation).

    Raises:
        ValueError: a part is empty, or the noise is below 0 or not a number.
    """
    if min(n_train, n_test) < 1 or not (math.isfinite(noise) and noise >= 0):
        raise ValueError("both parts need a sample, and the noise must be 0 or more")
    return (
        _sample(n_train, noise, np.random.default_rng([seed, _TRAIN])),
        _sample(n_test, noise, np.random.default_rng([seed, _TEST])),
    )


def fit_polynomial(degree: int, train: Samples, test: Samples) -> Fit:
    """Return the least-squares polynomial of ``degree`` through ``train``.

    Raises:
        ValueError: a degree below 0, or one that the samples cannot settle (N - 1 meets them all).
    """
    if not 0 <= degree < len(train.x):
        raise ValueError(f"{len(train.x)} samples settle degrees 0 to {len(train.x) - 1}")
    polynomial = Chebyshev.fit(train.x, train.y, degree, domain=[-1, 1])
    errors = (_compute_error(polynomial, part) for part in (train, test))
    return Fit(degree, polynomial, *errors)


def fit_degrees(train: Samples, test: Samples, degrees: Sequence[int]) -> tuple[Fit, ...]:
    """Return a fit of each degree; the errors of all are the figure's two curves."""
    return tuple(fit_polynomial(degree, train, test) for degree in degrees)


def find_best(fits: Sequence[Fit]) -> Fit:
    """Return the fit with the least test error: lower degrees underfit, higher ones overfit."""
    return min(fits, key=lambda fit: fit.test_error)


def _sample(n: int, noise: float, rng: np.random.Generator) -> Samples:
    # One place in each of n equal cells: nowhere a wide gap, nowhere two samples on one place.
    x = 2 * (np.arange(n) + rng.uniform(0, 1, n)) / n - 1
    return Samples(x, compute_curve(x) + noise * rng.standard_normal(n))


def _compute_error(polynomial: Chebyshev, samples: Samples) -> float:
    return float(np.sqrt(np.mean((polynomial(samples.x) - samples.y) ** 2)))
