"""Under- and overfitting: polynomials of rising degree through a few noisy samples of a curve.

A low degree cannot follow the curve, a high one follows the noise. Fits are least squares in
Chebyshev's polynomials rather than in powers of x, whose equations are nearly the same equation
from degree 10 on. The figure is Bishop's: Pattern Recognition and Machine Learning, 2006,
section 1.1.

With more coefficients than samples many polynomials meet every sample; which of them is taken
decides. Here it is the smoothest, as below, and its error falls a second time: double descent
(Belkin et al. 2019, arXiv 1812.11118; for polynomials Schaeffer et al. 2023, arXiv 2303.14151).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.polynomial import Chebyshev
from numpy.polynomial.chebyshev import chebvander

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

    From degree N on it is, of all that meet the N samples, the one with the least sum of
    ((k + 1) c_k)^2 over its Chebyshev coefficients c_k: the least-norm solution for the features
    T_k / (k + 1), in which a wave costs more the faster it is.

    Raises:
        ValueError: a degree below 0.
    """
    if degree < 0:
        raise ValueError(f"a polynomial has a degree of 0 or more, not {degree}")
    if degree < len(train.x):
        polynomial = Chebyshev.fit(train.x, train.y, degree, domain=[-1, 1])
    else:
        polynomial = _fit_smoothest(degree, train)
    errors = (_compute_error(polynomial, part) for part in (train, test))
    return Fit(degree, polynomial, *errors)


def _fit_smoothest(degree: int, train: Samples) -> Chebyshev:
    weights = 1 / (1 + np.arange(degree + 1))
    features = chebvander(train.x, degree) * weights  # (N, degree + 1), more columns than rows
    solution = np.linalg.lstsq(features, train.y)[0]  # the least norm of all exact solutions
    return Chebyshev(solution * weights)


def fit_degrees(train: Samples, test: Samples, degrees: Sequence[int]) -> tuple[Fit, ...]:
    """Return a fit of each degree; the errors of all are the figure's two curves."""
    return tuple(fit_polynomial(degree, train, test) for degree in degrees)


def find_best(fits: Sequence[Fit]) -> Fit:
    """Return the fit with the least test error."""
    return min(fits, key=lambda fit: fit.test_error)


def _sample(n: int, noise: float, rng: np.random.Generator) -> Samples:
    # One place in each of n equal cells: nowhere a wide gap, nowhere two samples on one place.
    x = 2 * (np.arange(n) + rng.uniform(0, 1, n)) / n - 1
    return Samples(x, compute_curve(x) + noise * rng.standard_normal(n))


def _compute_error(polynomial: Chebyshev, samples: Samples) -> float:
    return float(np.sqrt(np.mean((polynomial(samples.x) - samples.y) ** 2)))
