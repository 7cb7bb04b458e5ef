"""Scores and their quality on hand-made values."""

from pathlib import Path

import numpy as np
import pytest

from dashboard.limits.out_of_distribution import (
    Statistics,
    choose_score,
    compute_auroc,
    compute_auroc_half,
    compute_feature_scores,
    compute_fpr95,
    compute_logit_scores,
    compute_threshold,
    keep_rest,
    load_statistics,
)

STATISTICS = Statistics(
    tensor="h",
    means=np.array([[0.0, 0.0], [4.0, 0.0]]),
    precision=np.array([[1.0, 0.0], [0.0, 0.25]]),
    bank=np.array([[1.0, 0.0], [0.0, 1.0]]),
    temperature=1.0,
    n_fit=0,
    files="",
)


def test_auroc_by_hand() -> None:
    # Pairs won: 3 beats 1 and 2; 2 beats 1 and ties with 2: 3.5 of 4.
    assert compute_auroc(np.array([3.0, 2.0]), np.array([1.0, 2.0])) == 3.5 / 4
    assert compute_auroc(np.array([2.0, 3.0]), np.array([0.0, 1.0])) == 1.0
    assert compute_auroc(np.array([0.0]), np.array([1.0])) == 0.0
    assert compute_auroc(np.ones(5), np.ones(7)) == 0.5


def test_auroc_of_two_normal_distributions() -> None:
    # Two normals one deviation apart: Phi(1 / sqrt 2) = 0.7602.
    rng = np.random.default_rng(0)
    found = compute_auroc(rng.normal(1, 1, 20_000), rng.normal(0, 1, 20_000))
    assert found == pytest.approx(0.7602, abs=0.01)


def test_the_interval_of_an_auroc_by_hand() -> None:
    # Shares of won pairs: 3 and 2 win 1 and 0.75, variance 1/32; 1 and 2 win 0 and 0.25, 1/32.
    half = compute_auroc_half(np.array([3.0, 2.0]), np.array([1.0, 2.0]))
    assert half == pytest.approx(1.96 * np.sqrt(1 / 64 + 1 / 64))


def test_the_interval_of_an_auroc_holds_the_truth_as_often_as_it_says() -> None:
    rng = np.random.default_rng(2)
    inside = 0
    for _ in range(300):
        familiar, strange = rng.normal(1, 1, 80), rng.normal(0, 1, 60)
        half = compute_auroc_half(familiar, strange)
        inside += abs(compute_auroc(familiar, strange) - 0.7602) <= half
    assert 0.91 <= inside / 300 <= 0.98


def test_the_best_score_is_chosen_on_one_half_and_told_on_the_other() -> None:
    # "lucky" is perfect on the half that chooses and blind on the rest, "good" nearly so on both.
    good = {"lucky": np.array([2.0, 1.0, 2.0, 1.0]), "good": np.array([2.0, 2.0, 2.0, 2.0])}
    bad = {"lucky": np.array([1.0, 1.0, 1.0, 1.0]), "good": np.array([2.0, 1.0, 1.0, 1.0])}
    assert choose_score(good, bad) == "lucky"
    assert compute_auroc(keep_rest(good["lucky"]), keep_rest(bad["lucky"])) == 0.5


def test_threshold_keeps_95_of_100_and_fpr_counts_who_passes() -> None:
    familiar = np.arange(100.0)
    assert compute_threshold(familiar) == 5.0  # 95 of the 100 are at least 5
    assert compute_fpr95(familiar, np.array([4.9, 5.0, 7.0, -1.0])) == 0.5


def test_logit_scores_by_hand() -> None:
    found = compute_logit_scores(np.log(np.array([[3.0, 1.0]])).astype(np.float32))
    assert found["max_softmax"][0] == pytest.approx(0.75)
    assert found["max_logit"][0] == pytest.approx(np.log(3))
    assert found["energy"][0] == pytest.approx(np.log(4))


def test_feature_scores_by_hand() -> None:
    found = compute_feature_scores(np.array([[1.0, 2.0], [3.0, 0.0]], np.float32), STATISTICS)
    # (1, 2): 1 + 4/4 = 2 from the first mean, 9 + 1 from the second. (3, 0): 1 from the second.
    assert found["mahalanobis"] == pytest.approx([-2.0, -1.0])
    # Directions (1, 2)/sqrt 5 and (1, 0): nearest are (0, 1), at sqrt(2 - 4/sqrt 5), and itself.
    assert found["knn"] == pytest.approx([-np.sqrt(2 - 4 / np.sqrt(5)), 0.0], abs=1e-7)


def test_unusable_files_are_no_statistics(tmp_path: Path) -> None:
    assert load_statistics(tmp_path / "none.npz") is None
    np.savez(tmp_path / "half.npz", tensor="h")
    assert load_statistics(tmp_path / "half.npz") is None
    (tmp_path / "text.npz").write_text("no archive")
    assert load_statistics(tmp_path / "text.npz") is None
