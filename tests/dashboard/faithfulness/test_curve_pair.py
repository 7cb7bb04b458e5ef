import math

import numpy as np
import pytest

from dashboard.attribution.base import Question
from dashboard.faithfulness.curve_pair import CurvePair, compute_curve_pairs
from dashboard.faithfulness.curves import compute_curves, compute_ranks, has_ranking
from dashboard.faithfulness.removal import BLUR, JUDGES, REMOVALS
from tests.dashboard.faithfulness.tiny_models import LinearModel

# A chequered photo whose pixels matter in proportion to the map 0, 1, 2, ...: the blur takes all
# of its contrast away, so insertion and deletion travel the same road in opposite directions.
SIDE = 64
SIGNS = np.where(np.indices((SIDE, SIDE)).sum(axis=0) % 2, 1, -1).astype(np.float32)
WORTH = np.random.default_rng(1).permutation(SIDE * SIDE).reshape(SIDE, SIDE).astype(np.float32)
MODEL = LinearModel((SIGNS * WORTH)[None] * 8 / WORTH.sum(), bias=-4)
QUESTION = Question(SIGNS[None, None], target=0)


def draw(model, question: Question, heat) -> CurvePair:
    return compute_curve_pairs(model, question, {"map": heat}, BLUR)["map"]


def test_both_curves_have_the_same_removed_picture_at_one_end():
    photo = QUESTION.inputs[0]
    for removal in REMOVALS:
        pair = compute_curve_pairs(MODEL, QUESTION, {"map": WORTH}, removal)["map"]
        removed = removal.compute(MODEL, photo)
        ranks = [compute_ranks(WORTH)]
        (insertion,) = compute_curves(MODEL, QUESTION, ranks, removed, photo)
        (deletion,) = compute_curves(MODEL, QUESTION, ranks, photo, removed)
        assert (pair.insertion, pair.deletion) == (insertion, deletion)
        assert pair.difference == pytest.approx(insertion.auc - deletion.auc)
        assert insertion.probabilities[0] == pytest.approx(deletion.probabilities[-1])
        assert insertion.probabilities[-1] == pytest.approx(deletion.probabilities[0])


def test_perfect_ranking_has_the_integral_as_its_auc():
    # After the fraction f of the pixels, by descending worth, 1 - (1 - f)^2 of the worth is in:
    # the insertion curve is sigmoid(8 (1 - (1 - f)^2) - 4).
    f = np.linspace(0, 1, 100_001)
    expected = np.trapezoid(1 / (1 + np.exp(4 - 8 * (1 - (1 - f) ** 2))), f)
    score = draw(MODEL, QUESTION, WORTH)
    assert score.insertion.auc == pytest.approx(expected, abs=0.001)
    assert score.deletion.auc == pytest.approx(1 - expected, abs=0.001)


def test_no_ranking_beats_the_perfect_one():
    perfect = draw(MODEL, QUESTION, WORTH).difference
    rng = np.random.default_rng(2)
    noisy = {str(s): WORTH + s * rng.normal(size=WORTH.shape) for s in (20, 80, 320)}
    heats = {key: heat.astype(np.float32) for key, heat in noisy.items()}
    scores = compute_curve_pairs(MODEL, QUESTION, heats, BLUR)
    assert perfect > scores["20"].difference > scores["80"].difference > scores["320"].difference


def test_reversed_ranking_mirrors_the_score():
    forward = draw(MODEL, QUESTION, WORTH)
    backward = draw(MODEL, QUESTION, -WORTH)
    assert backward.difference == pytest.approx(-forward.difference, abs=0.001)
    # Showing the worst first is removing the best first, read from right to left.
    assert backward.insertion.probabilities == pytest.approx(
        forward.deletion.probabilities[::-1], abs=0.002
    )


def test_random_rankings_score_about_zero():
    rng = np.random.default_rng(3)
    heats = [rng.normal(size=WORTH.shape).astype(np.float32) for _ in range(8)]
    for removal in JUDGES:
        named = {str(i): heat for i, heat in enumerate(heats)}
        pairs = compute_curve_pairs(MODEL, QUESTION, named, removal)
        found = [each.difference for each in pairs.values()]
        assert found == pytest.approx([0] * 8, abs=0.06)
        assert np.mean(found) == pytest.approx(0, abs=0.02)


def test_only_the_order_counts():
    plain = draw(MODEL, QUESTION, WORTH)
    assert draw(MODEL, QUESTION, np.exp(WORTH / 50) - 9) == plain


def test_seed_of_the_question_breaks_ties():
    flat = np.zeros_like(WORTH)
    scores = [draw(MODEL, Question(QUESTION.inputs, 0, None, seed), flat) for seed in (1, 1, 2)]
    assert scores[0] == scores[1] != scores[2]


@pytest.mark.parametrize("value", [0.0, 3.7, -2e-8])
def test_constant_map_has_no_ranking_even_with_rounding_noise(value):
    heat = np.full((4, 4), value, np.float32)
    assert not has_ranking(heat)
    assert not has_ranking(heat * (1 + 1e-7 * SIGNS[:4, :4]))


def test_small_values_are_a_ranking_all_the_same():
    assert has_ranking(np.array([[0, 1e-12]], np.float32))


def test_nan_from_the_network_gives_nan_not_a_crash():
    broken = LinearModel(np.full((1, SIDE, SIDE), np.nan, np.float32))
    assert math.isnan(draw(broken, QUESTION, WORTH).difference)


def test_progress_covers_both_tests():
    seen: list[float] = []
    compute_curve_pairs(MODEL, QUESTION, {"a": WORTH, "b": -WORTH}, progress=seen.append)
    assert seen == sorted(seen) and 0 < seen[0] < 0.5 and seen[-1] == 1
