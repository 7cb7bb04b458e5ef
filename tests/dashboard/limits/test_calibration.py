"""Calibration on hand-made answers, with values computed by hand."""

import numpy as np
import pytest

from dashboard.limits.calibration import (
    compute_bins,
    compute_ece,
    compute_nll,
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
