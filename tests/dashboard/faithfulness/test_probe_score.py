"""The score of a map over probes, its p-value and its lead: by hand, and for maps of nothing."""

import numpy as np
import pytest
from scipy import stats

from dashboard.attribution.base import Question
from dashboard.faithfulness.probe_score import (
    compare_maps,
    compare_places,
    rank,
    score_map,
    sum_units,
)
from dashboard.faithfulness.probes import Probes, create_shown, run_probes
from dashboard.faithfulness.removal import GREY
from tests.dashboard.faithfulness.tiny_models import LinearModel


def make_probes(log_odds: np.ndarray, n: int, seed: int = 0) -> Probes:
    shown = create_shown(n, (28, 28), seed).reshape(n, -1)
    return Probes(shown, (28, 28), log_odds, 1.0)


def test_ranks_are_those_of_scipy_ties_included() -> None:
    rng = np.random.default_rng(0)
    values = np.stack([*rng.integers(0, 6, (3, 40)), rng.normal(size=40)]).astype(float)
    for row, ours in zip(values, rank(values), strict=True):
        theirs = stats.rankdata(row) - 20.5
        assert ours == pytest.approx(theirs / np.linalg.norm(theirs))
    assert (rank(np.ones((1, 5))) == 0).all()


def test_units_sum_up_the_pixels() -> None:
    heat = np.arange(56 * 60, dtype=np.float32).reshape(56, 60)
    units = sum_units(heat, (28, 28))
    assert units[0, 0] == heat[:2, :3].sum()  # 60 pixels in 28 units: the first has 3
    assert units.sum() == pytest.approx(heat.sum())


def test_the_exact_map_of_a_linear_network_has_the_score_one() -> None:
    rng = np.random.default_rng(0)
    weights = rng.normal(size=(1, 28, 28)).astype(np.float32)
    photo = rng.uniform(-1, 1, (1, 1, 28, 28)).astype(np.float32)
    probes = run_probes(LinearModel(weights), Question(photo, 0), (GREY,), 100)
    exact = weights[0] * photo[0, 0]
    (score,) = score_map(probes, exact)
    assert score.score == pytest.approx(1.0) and score.n_as_good == 0
    assert score.n_elsewhere == 1567 and score.p_value == pytest.approx(1 / 1568)
    (opposite,) = score_map(probes, -exact)
    assert opposite.score == pytest.approx(-1.0) and opposite.p_value == 1.0


def test_the_score_is_spearmans_correlation() -> None:
    rng = np.random.default_rng(1)
    probes = make_probes(rng.normal(size=(2, 60)), 60)
    heat = rng.normal(size=(28, 28)).astype(np.float32)
    said = probes.shown @ heat.ravel().astype(float)
    for found, log_odds in zip(score_map(probes, heat), probes.log_odds, strict=True):
        assert found.score == pytest.approx(stats.spearmanr(said, log_odds).statistic)


def test_every_place_is_compared_once_the_maps_own_first() -> None:
    units, worth = np.random.default_rng(0).normal(size=(2, 6, 8))
    by_hand = [
        (np.roll(each, (down, right), (0, 1)) * worth).sum()
        for each in (units, units[:, ::-1])
        for down in range(6)
        for right in range(8)
    ]
    assert compare_places(units, worth) == pytest.approx(np.array(by_hand))


def test_random_maps_have_uniform_p_values() -> None:
    # Whatever the network answers: here something that depends on what is shown, much on one place.
    # Kolmogorov and Smirnov's distance of 400 draws stays under 1.63 / 20 in 99 of 100 cases.
    rng = np.random.default_rng(0)
    shown = create_shown(64, (28, 28)).reshape(64, -1)
    log_odds = (shown @ rng.normal(size=784) + 20 * shown[:, 300])[None]
    probes = Probes(shown, (28, 28), log_odds, 1.0)
    p_values = [score_map(probes, rng.normal(size=(28, 28)))[0].p_value for _ in range(400)]
    assert stats.kstest(p_values, "uniform").statistic < 1.63 / 20


def test_a_map_that_is_not_finite_is_refused() -> None:
    probes = make_probes(np.zeros((1, 10)), 10)
    with pytest.raises(ValueError, match="finite"):
        score_map(probes, np.full((28, 28), np.nan, np.float32))


def test_the_lead_is_the_bootstraps_quantile_of_the_difference() -> None:
    rng = np.random.default_rng(0)
    n = 120
    shown = create_shown(n, (28, 28)).reshape(n, -1)
    good, poor = rng.normal(size=(2, 28, 28))
    log_odds = (shown @ good.ravel())[None]
    probes = Probes(shown, (28, 28), log_odds, 1.0)
    (bound,) = compare_maps(probes, good, [poor])[0]
    poorly = stats.spearmanr(shown @ poor.ravel(), log_odds[0]).statistic
    # By the textbook, with ranks of each resample drawn anew: SciPy's own bootstrap.
    said = np.stack([shown @ good.ravel(), shown @ poor.ravel(), log_odds[0]])

    def lead(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> float:
        return float(stats.spearmanr(a, c).statistic - stats.spearmanr(b, c).statistic)

    drawn = stats.bootstrap(
        tuple(said), lead, paired=True, vectorized=False, n_resamples=400, method="percentile",
        confidence_level=0.9, random_state=1,
    )  # fmt: skip
    assert bound == pytest.approx(drawn.confidence_interval.low, abs=0.05)
    assert 0 < bound < 1 - poorly


def test_a_map_does_not_lead_itself() -> None:
    rng = np.random.default_rng(0)
    probes = make_probes(rng.normal(size=(2, 80)), 80)
    heat = rng.normal(size=(28, 28))
    assert compare_maps(probes, heat, [heat]) == pytest.approx(np.zeros((2, 1)))
