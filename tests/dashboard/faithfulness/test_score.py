import math

import numpy as np
import pytest

from dashboard.attribution.base import Question
from dashboard.faithfulness.baselines import compute_baselines
from dashboard.faithfulness.curves import compute_ranks
from dashboard.faithfulness.deletion import compute_deletion
from dashboard.faithfulness.insertion import compute_insertion
from dashboard.faithfulness.score import compute_faithfulness, compute_scores, has_ranking
from tests.dashboard.faithfulness.tiny_models import LinearModel

# A chequered photo whose pixels matter in proportion to the map 0, 1, 2, ...: the blur takes all
# of its contrast away, so insertion and deletion travel the same road in opposite directions.
SIDE = 64
SIGNS = np.where(np.indices((SIDE, SIDE)).sum(axis=0) % 2, 1, -1).astype(np.float32)
WORTH = np.random.default_rng(1).permutation(SIDE * SIDE).reshape(SIDE, SIDE).astype(np.float32)
MODEL = LinearModel((SIGNS * WORTH)[None] * 8 / WORTH.sum(), bias=-4)
QUESTION = Question(SIGNS[None, None], target=0)


def test_score_is_insertion_minus_deletion():
    score = compute_faithfulness(MODEL, QUESTION, WORTH)
    ranks = [compute_ranks(WORTH)]
    (insertion,) = compute_insertion(MODEL, QUESTION, ranks)
    (deletion,) = compute_deletion(MODEL, QUESTION, ranks)
    assert (score.insertion, score.deletion) == (insertion, deletion)
    assert score.score == pytest.approx(insertion.auc - deletion.auc)
    assert score.start_probability == pytest.approx(1 / (1 + math.exp(-4)))


def test_perfect_ranking_has_the_integral_as_its_auc():
    # After the fraction f of the pixels, by descending worth, 1 - (1 - f)^2 of the worth is in:
    # the insertion curve is sigmoid(8 (1 - (1 - f)^2) - 4).
    f = np.linspace(0, 1, 100_001)
    expected = np.trapezoid(1 / (1 + np.exp(4 - 8 * (1 - (1 - f) ** 2))), f)
    score = compute_faithfulness(MODEL, QUESTION, WORTH)
    assert score.insertion.auc == pytest.approx(expected, abs=0.001)
    assert score.deletion.auc == pytest.approx(1 - expected, abs=0.001)


def test_no_ranking_beats_the_perfect_one():
    perfect = compute_faithfulness(MODEL, QUESTION, WORTH).score
    rng = np.random.default_rng(2)
    noisy = {str(s): WORTH + s * rng.normal(size=WORTH.shape) for s in (20, 80, 320)}
    scores = compute_scores(MODEL, QUESTION, {k: v.astype(np.float32) for k, v in noisy.items()})
    assert perfect > scores["20"].score > scores["80"].score > scores["320"].score


def test_reversed_ranking_mirrors_the_score():
    forward = compute_faithfulness(MODEL, QUESTION, WORTH)
    backward = compute_faithfulness(MODEL, QUESTION, -WORTH)
    assert backward.score == pytest.approx(-forward.score, abs=0.001)
    # Showing the worst first is removing the best first, read from right to left.
    assert backward.insertion.probabilities == pytest.approx(
        forward.deletion.probabilities[::-1], abs=0.002
    )


def test_random_rankings_score_about_zero():
    rng = np.random.default_rng(3)
    heats = [rng.normal(size=WORTH.shape).astype(np.float32) for _ in range(8)]
    baselines = compute_baselines(MODEL, QUESTION, heats, {"edges": WORTH})
    assert len(baselines.random) == 8
    assert [each.score for each in baselines.random] == pytest.approx([0] * 8, abs=0.02)
    assert baselines.others == {"edges": compute_faithfulness(MODEL, QUESTION, WORTH)}


def test_only_the_order_counts():
    plain = compute_faithfulness(MODEL, QUESTION, WORTH)
    assert compute_faithfulness(MODEL, QUESTION, np.exp(WORTH / 50) - 9) == plain


def test_seed_of_the_question_breaks_ties():
    flat = np.zeros_like(WORTH)
    scores = [
        compute_faithfulness(MODEL, Question(QUESTION.inputs, 0, None, seed), flat)
        for seed in (1, 1, 2)
    ]
    assert scores[0] == scores[1] != scores[2]
    assert not scores[0].has_ranking


@pytest.mark.parametrize("value", [0.0, 3.7, -2e-8])
def test_constant_map_has_no_ranking_even_with_rounding_noise(value):
    heat = np.full((4, 4), value, np.float32)
    assert not has_ranking(heat)
    assert not has_ranking(heat * (1 + 1e-7 * SIGNS[:4, :4]))


def test_small_values_are_a_ranking_all_the_same():
    assert has_ranking(np.array([[0, 1e-12]], np.float32))


def test_nan_from_the_network_gives_nan_not_a_crash():
    broken = LinearModel(np.full((1, SIDE, SIDE), np.nan, np.float32))
    assert math.isnan(compute_faithfulness(broken, QUESTION, WORTH).score)


def test_progress_covers_both_tests():
    seen: list[float] = []
    compute_scores(MODEL, QUESTION, {"a": WORTH, "b": -WORTH}, progress=seen.append)
    assert seen == sorted(seen) and 0 < seen[0] < 0.5 and seen[-1] == 1
