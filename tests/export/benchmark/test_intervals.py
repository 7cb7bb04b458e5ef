"""Intervals of few values, against Student's table and by simulation."""

import numpy as np
import pytest

from export.benchmark.intervals import estimate_mean, estimate_over_rounds


def test_three_values_by_hand() -> None:
    # Mean 2, standard error 1 / 3^(1/2), t of two degrees of freedom at 97.5 % is 4.3027.
    found = estimate_mean(np.array([1.0, 2.0, 3.0]))
    assert found.value == 2
    assert found.half == pytest.approx(4.3027 / np.sqrt(3), abs=1e-4)


def test_two_rounds_of_two_pictures_by_hand() -> None:
    # Each picture scatters by 1 around its own mean (variances 2 and 2): the error of the mean of
    # four values is (2 / 4)^(1/2); t of two degrees of freedom. That the pictures differ by 10 does
    # not count.
    found = estimate_over_rounds(np.array([[0.0, 10.0], [2.0, 12.0]]))
    assert found.value == 6
    assert found.half == pytest.approx(4.3027 * np.sqrt(0.5), abs=1e-4)


def test_the_intervals_hold_the_truth_as_often_as_they_say() -> None:
    rng = np.random.default_rng(0)
    pictures = rng.normal(0, 5, 8)
    rounds, means = 0, 0
    for _ in range(1000):
        over_rounds = estimate_over_rounds(pictures + rng.normal(0, 1, (2, 8)))
        rounds += over_rounds.low <= pictures.mean() <= over_rounds.high
        over_pictures = estimate_mean(rng.normal(3, 1, 5))
        means += over_pictures.low <= 3 <= over_pictures.high
    assert 0.93 <= rounds / 1000 <= 0.97 and 0.93 <= means / 1000 <= 0.97


def test_one_value_has_no_interval() -> None:
    with pytest.raises(ValueError, match="two values"):
        estimate_mean(np.array([1.0]))
    with pytest.raises(ValueError, match="two rounds"):
        estimate_over_rounds(np.ones((1, 5)))
