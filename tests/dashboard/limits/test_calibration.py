"""Calibration on hand-made answers, with values computed by hand."""

import numpy as np
import pytest

from dashboard.limits.calibration import (
    compute_bins,
    compute_ece,
    compute_floor,
    compute_losses,
    compute_nll,
    estimate_spread,
    fit_across,
    fit_temperature,
    measure_calibration,
)


def test_error_of_ten_answers_by_hand() -> None:
    # Six answers at 0.9, four right; four at 0.6, three right:
    # 6/10 * |0.9 - 4/6| + 4/10 * |0.6 - 0.75| = 0.6 * 0.2333 + 0.4 * 0.15 = 0.2
    confidence = np.array([0.9] * 6 + [0.6] * 4)
    is_right = np.array([1, 1, 1, 1, 0, 0, 1, 1, 1, 0], bool)
    bins = compute_bins(confidence, is_right)
    assert [(each.count, each.accuracy) for each in bins] == [(4, 0.75), (6, pytest.approx(4 / 6))]
    assert compute_ece(bins) == pytest.approx(0.2)


def test_bins_are_open_below_and_closed_above() -> None:
    bins = compute_bins(np.array([0.5, 0.50001, 1.0, 0.0]), np.ones(4, bool), n_bins=2)
    assert [each.count for each in bins] == [2, 2]


def test_a_calibrated_network_has_no_error() -> None:
    # Four answers at 0.75 of which three are right, whatever their class.
    logits = np.log(np.array([[3.0, 1.0]] * 4)).astype(np.float32)
    found = measure_calibration(logits, np.array([0, 0, 0, 1]))
    assert found.ece == pytest.approx(0, abs=1e-7)
    assert found.accuracy == 0.75
    assert found.confidence == pytest.approx(0.75)


def test_the_temperature_undoes_what_made_it_too_sure() -> None:
    # log 3 is right for three of four; three times as much is too sure, so T = 3 is the optimum.
    labels = np.array([0, 0, 0, 1])
    logits = 3 * np.log(np.array([[3.0, 1.0]] * 4)).astype(np.float32)
    assert fit_temperature(logits, labels) == pytest.approx(3.0, rel=1e-4)
    entropy = -(0.75 * np.log(0.75) + 0.25 * np.log(0.25))
    assert compute_nll(logits, labels, 3.0) == pytest.approx(entropy, rel=1e-6)
    assert measure_calibration(logits, labels).ece == pytest.approx(27 / 28 - 0.75)
    assert measure_calibration(logits, labels, 3.0).ece == pytest.approx(0, abs=1e-7)


def test_the_floor_of_answers_by_hand() -> None:
    # One answer at 0.75 is off by 0.25 three times of four and by 0.75 once: 0.375 on average.
    one = compute_floor(np.array([0.75]))
    assert one.mean == pytest.approx(0.375, abs=0.03)
    assert (one.low, one.high) == (pytest.approx(0.25), pytest.approx(0.75))
    # 100 at one half: the mean absolute deviation of binomial(100, 1/2) is 3.98 answers.
    assert compute_floor(np.full(100, 0.5)).mean == pytest.approx(0.0398, rel=0.06)
    assert compute_floor(np.ones(10)).mean == 0


def test_few_pictures_have_a_high_floor_and_a_sure_liar_is_above_it() -> None:
    rng = np.random.default_rng(0)
    confidence = rng.uniform(0.5, 1, 8000)
    many, few = compute_floor(confidence), compute_floor(confidence[:500])
    assert few.mean == pytest.approx(4 * many.mean, rel=0.1)  # it falls with the root of N
    honest = compute_ece(compute_bins(confidence, rng.random(8000) < confidence))
    liar = compute_ece(compute_bins(confidence, rng.random(8000) < confidence - 0.1))
    assert many.low <= honest <= many.high < liar


def test_perfect_networks_are_within_the_floor_as_often_as_it_says() -> None:
    rng = np.random.default_rng(1)
    confidence = rng.uniform(0.3, 1, 300)
    floor = compute_floor(confidence)
    errors = [
        compute_ece(compute_bins(confidence, rng.random(300) < confidence)) for _ in range(400)
    ]
    inside = np.mean([floor.low <= each <= floor.high for each in errors])
    assert 0.91 <= inside <= 0.98
    assert np.mean(errors) == pytest.approx(floor.mean, rel=0.05)


def test_the_spread_of_one_bin_is_that_of_a_share() -> None:
    # All at 0.5 and 64 of 100 right: the error is the share's distance from 0.5, and the share
    # scatters by (0.64 * 0.36 / 100)^(1/2) = 0.048.
    is_right = np.arange(100) < 64
    assert estimate_spread(np.full(100, 0.5), is_right) == pytest.approx(0.048, rel=0.15)


def test_no_picture_has_a_temperature_that_was_fitted_on_it() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (40, 3)).astype(np.float32)
    labels = logits.argmax(axis=1)
    labels[::3] = 0
    before = fit_across(logits, labels, n_folds=4)
    values, counts = np.unique(before, return_counts=True)
    assert len(values) == 4 and set(counts) == {10}
    own = before == values[0]
    changed = np.where(own, (labels + 1) % 3, labels)
    after = fit_across(logits, changed, n_folds=4)
    assert (after[own] == before[own]).all()
    assert (after[~own] != before[~own]).all()
    assert values[0] == fit_temperature(logits[~own], labels[~own])


def test_losses_are_the_log_likelihood_picture_by_picture() -> None:
    logits = np.log(np.array([[3.0, 1.0], [1.0, 4.0]]))
    losses = compute_losses(logits, np.array([0, 0]))
    assert losses == pytest.approx([-np.log(0.75), -np.log(0.2)])
