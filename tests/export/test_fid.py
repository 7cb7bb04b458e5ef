import numpy as np
import pytest

from export.fid import compute_fid, resample_fid

RNG = np.random.default_rng(0)


def test_a_set_is_no_distance_from_itself() -> None:
    features = RNG.normal(size=(500, 8))
    assert compute_fid(features, features) == pytest.approx(0, abs=1e-9)


def test_a_shift_counts_its_squared_length() -> None:
    features = RNG.normal(size=(500, 3))
    assert compute_fid(features, features + np.array([1, 2, 2])) == pytest.approx(9)


def test_scaling_counts_the_squared_difference_of_the_deviations() -> None:
    features = RNG.normal(size=(500, 1))
    deviation = features.std(ddof=1)
    centred = features - features.mean()
    assert compute_fid(centred, 3 * centred) == pytest.approx((2 * deviation) ** 2)


def test_known_gaussians_that_do_not_commute() -> None:
    # C1 = diag(4, 1), C2 = [[2, 1], [1, 2]]: tr (C1 C2)^(1/2) = sqrt(tr + 2 sqrt(det)).
    one = _create(np.diag([4.0, 1.0]))
    two = _create(np.array([[2.0, 1.0], [1.0, 2.0]]))
    mixed = np.sqrt(10 + 2 * np.sqrt(12))
    assert compute_fid(one, two) == pytest.approx(5 + 4 - 2 * mixed)


def _create(covariance: np.ndarray) -> np.ndarray:
    """Features whose sample covariance is exactly this one."""
    raw = np.array([[1.0, 0], [-1, 0], [0, 1], [0, -1]])
    raw *= np.sqrt(1.5)  # its own covariance is the unit matrix now
    return raw @ np.linalg.cholesky(covariance).T


def test_the_interval_holds_the_value_and_narrows_with_more_images() -> None:
    few, many = (RNG.normal(0.5, size=(n, 4)) for n in (100, 3000))
    reference = RNG.normal(size=(3000, 4))
    (value, low, high), (more, closer_low, closer_high) = (
        resample_fid(each, reference) for each in (few, many)
    )
    assert low <= value <= high and closer_low <= more <= closer_high
    assert closer_high - closer_low < high - low
    assert resample_fid(few, reference) == (value, low, high)
