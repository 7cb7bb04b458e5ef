from itertools import pairwise

import numpy as np
import pytest

from dashboard.learning.polynomial import (
    Samples,
    compute_curve,
    create_samples,
    find_best,
    fit_degrees,
    fit_polynomial,
)


def test_a_line_through_two_points_and_its_errors_by_hand():
    train = Samples(np.array([-1.0, 1.0]), np.array([0.0, 2.0]))
    test = Samples(np.array([0.0, 0.5]), np.array([1.0, 3.5]))
    line = fit_polynomial(1, train, test)  # y = 1 + x
    np.testing.assert_allclose(line.predict(np.array([0.0, 3.0])), [1, 4])
    assert line.train_error == pytest.approx(0, abs=1e-12)
    assert line.test_error == pytest.approx(np.sqrt((0 + 2**2) / 2))
    assert fit_polynomial(0, train, test).train_error == pytest.approx(1)  # the mean, 1


def test_a_polynomial_is_found_again_at_every_degree_that_suffices():
    x = np.linspace(-1, 1, 30)
    samples = Samples(x, 1 - 2 * x + 4 * x**3)
    for fit in fit_degrees(samples, samples, range(3, 25)):
        assert fit.train_error < 1e-12


@pytest.mark.parametrize("seed", range(8))
def test_low_degrees_underfit_and_high_ones_overfit(seed):
    train, test = create_samples(seed=seed)
    fits = fit_degrees(train, test, range(15))
    errors = [fit.train_error for fit in fits]
    assert all(after <= before + 1e-12 for before, after in pairwise(errors))
    assert errors[-1] < 1e-9  # a polynomial of degree 14 through 15 points meets all, noise and all
    best = find_best(fits)
    assert 3 <= best.degree <= 8 and best.test_error < 0.3
    assert fits[0].test_error > 2 * best.test_error and fits[0].train_error > 0.5
    assert fits[-1].test_error > 3 * best.test_error


def test_the_smoothest_of_all_exact_fits_by_hand():
    # One sample, y = 1 at x = 1, degree 1: the least c0^2 + (2 c1)^2 with c0 + c1 = 1.
    one = Samples(np.array([1.0]), np.array([1.0]))
    line = fit_polynomial(1, one, one)
    np.testing.assert_allclose(line.polynomial.coef, [4 / 5, 1 / 5])
    assert line.train_error == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("count", [15, 30])
@pytest.mark.parametrize("seed", range(4))
def test_past_the_degree_that_meets_all_samples_the_error_falls_again(count, seed):
    train, test = create_samples(count, seed=seed)
    fits = {degree: fit_polynomial(degree, train, test) for degree in (count - 1, count, 60)}
    assert all(fit.train_error < 1e-6 for fit in fits.values())
    assert fits[60].test_error < fits[count - 1].test_error / 2
    assert fits[60].test_error < fits[count].test_error / 2

    def cost(fit):
        return float((((1 + np.arange(fit.degree + 1)) * fit.polynomial.coef) ** 2).sum())

    # Whatever a lower degree can do a higher one can: the smoothest only gets smoother.
    assert cost(fits[60]) < cost(fits[count]) <= cost(fits[count - 1]) * (1 + 1e-6)


def test_more_samples_cure_the_same_degree():
    few = fit_polynomial(12, *create_samples(15))
    many = fit_polynomial(12, *create_samples(500))
    assert few.test_error > 5 * many.test_error
    assert many.test_error == pytest.approx(0.2, rel=0.15)  # what is left is the noise


def test_samples_lie_in_cells_on_the_curve_and_follow_the_seed():
    train, test = create_samples(15, 40, noise=0, seed=3)
    np.testing.assert_array_equal(np.floor((train.x + 1) / 2 * 15), np.arange(15))
    np.testing.assert_array_equal(train.y, compute_curve(train.x))
    np.testing.assert_allclose(compute_curve(np.array([-0.5, 0, 0.5])), [-1, 0, 1])
    again, _ = create_samples(15, 99, noise=0, seed=3)
    np.testing.assert_array_equal(train.x, again.x)
    assert not np.array_equal(*(part.x for part in create_samples(15, 15)))
    assert len(test.x) == 40 and not np.array_equal(create_samples(seed=4)[0].x, train.x)


def test_bad_numbers_are_one_sentence():
    train, test = create_samples(5)
    with pytest.raises(ValueError, match="degree of 0 or more, not -1"):
        fit_polynomial(-1, train, test)
    with pytest.raises(ValueError, match="0 or more"):
        create_samples(noise=-1)
    with pytest.raises(ValueError, match="need a sample"):
        create_samples(0)
