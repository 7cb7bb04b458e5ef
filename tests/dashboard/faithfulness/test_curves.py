"""On a linear model with logits (w.x + b, 0) every point of a curve is a sigmoid known by hand."""

import math

import numpy as np
import pytest

from dashboard.attribution.base import Question
from dashboard.faithfulness.curves import (
    CHUNK,
    DEFAULT_N_STEPS,
    Curve,
    compute_curves,
    compute_ranks,
    compute_steps,
)
from dashboard.faithfulness.removal import BLUR, compute_blurred
from tests.dashboard.faithfulness.tiny_models import LinearModel

WEIGHTS = np.array([[[4.0, -2.0], [1.0, 0.0]]], np.float32)  # (1, 2, 2)
MODEL = LinearModel(WEIGHTS)
ONES = Question(np.ones((1, 1, 2, 2), np.float32), target=0)
BEST = compute_ranks(WEIGHTS[0])


def compute_deletion(model, question, ranks, n_steps=DEFAULT_N_STEPS, *more):
    photo = question.inputs[0]
    return compute_curves(model, question, ranks, photo, np.zeros_like(photo), n_steps, *more)


def compute_insertion(model, question, ranks, n_steps=DEFAULT_N_STEPS, *more):
    photo = question.inputs[0]
    blurred = BLUR.compute(model, photo)
    return compute_curves(model, question, ranks, blurred, photo, n_steps, *more)


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def test_auc_is_the_trapezoidal_rule():
    assert Curve((0.0, 0.25, 1.0), (0.0, 1.0, 0.0)).auc == pytest.approx(0.5)
    assert math.isnan(Curve((0.0, 1.0), (0.0, math.nan)).auc)


def test_ranks_descend():
    assert BEST.tolist() == [[0, 3], [1, 2]]


def test_ties_are_seeded_and_lean_to_no_corner():
    flat = np.zeros((64, 64), np.float32)
    assert np.array_equal(compute_ranks(flat, 7), compute_ranks(flat, 7))
    assert not np.array_equal(compute_ranks(flat, 7), compute_ranks(flat, 8))
    first = np.argwhere(compute_ranks(flat, 7) < 1024)  # the first quarter of the pixels
    # Uniform places have mean 31.5 and a standard error of 64 / sqrt(12 x 1024) = 0.58.
    assert first.mean(axis=0) == pytest.approx([31.5, 31.5], abs=4 * 0.58)


def test_ties_never_pass_over_a_larger_value():
    heat = np.array([[0, 5, 0, 0], [0, 0, 7, 0]], np.float32)
    for seed in range(5):
        ranks = compute_ranks(heat, seed)
        assert (ranks[1, 2], ranks[0, 1]) == (0, 1)


@pytest.mark.parametrize("heat", [np.full((2, 2), np.nan), np.full((2, 2), np.inf), np.ones(4)])
def test_what_cannot_be_ranked_is_refused(heat):
    with pytest.raises(ValueError, match="finite"):
        compute_ranks(heat.astype(np.float32))


def test_deletion_by_hand():
    (curve,) = compute_deletion(MODEL, ONES, [BEST], n_steps=4)
    # Scores: all 3; without 4: -1; without 1 too: -2; the 0 changes nothing; without -2: 0.
    assert curve.fractions == (0, 0.25, 0.5, 0.75, 1)
    assert curve.probabilities == pytest.approx([sigmoid(x) for x in (3, -1, -2, -2, 0)])


def test_curve_from_any_start_to_any_end_by_hand():
    start, end = np.zeros((1, 2, 2), np.float32), np.ones((1, 2, 2), np.float32)
    (curve,) = compute_curves(MODEL, ONES, [BEST], start, end, n_steps=4)
    assert curve.probabilities == pytest.approx([sigmoid(x) for x in (0, 4, 5, 5, 3)])
    assert curve.auc == pytest.approx(
        (sigmoid(0) / 2 + sigmoid(4) + 2 * sigmoid(5) + sigmoid(3) / 2) / 4
    )


def test_insertion_starts_blurred_and_ends_sharp():
    weights = np.zeros((1, 9, 9), np.float32)
    weights[0, 4, 4] = 5
    photo = weights / 5  # one bright pixel
    question = Question(photo[None], target=0)
    (curve,) = compute_insertion(LinearModel(weights), question, [compute_ranks(photo[0])], 81)
    center = compute_blurred(photo)[0, 4, 4]
    assert 0 < center < 1
    assert curve.probabilities[0] == pytest.approx(sigmoid(5 * center))
    # The first pixel inserted is the only one that the model looks at.
    assert curve.probabilities[1:] == pytest.approx([sigmoid(5)] * 81)


def test_versus_turns_the_curve_upside_down():
    forward = compute_deletion(MODEL, Question(ONES.inputs, 0, versus=1), [BEST], 4)[0]
    backward = compute_deletion(MODEL, Question(ONES.inputs, 1, versus=0), [BEST], 4)[0]
    assert forward.probabilities == pytest.approx([1 - p for p in backward.probabilities])


def test_more_steps_than_pixels_are_one_step_a_pixel():
    (curve,) = compute_deletion(MODEL, ONES, [BEST], n_steps=100)
    assert curve.fractions == (0, 0.25, 0.5, 0.75, 1)


def test_one_pixel_and_one_step_have_only_ends():
    question = Question(np.ones((1, 1, 1, 1), np.float32), target=0)
    model = LinearModel(np.full((1, 1, 1), 2, np.float32))
    (curve,) = compute_deletion(model, question, [np.zeros((1, 1), np.int32)])
    assert curve.fractions == (0, 1)
    assert curve.probabilities == pytest.approx([sigmoid(2), 0.5])
    assert compute_deletion(MODEL, ONES, [BEST], n_steps=1)[0].fractions == (0, 1)


def test_many_maps_share_batches_and_get_what_each_gets_alone():
    rng = np.random.default_rng(0)
    weights = rng.normal(size=(3, 10, 10)).astype(np.float32)
    question = Question(rng.normal(size=(1, 3, 10, 10)).astype(np.float32), target=0)
    ranks = [compute_ranks(rng.normal(size=(10, 10)).astype(np.float32)) for _ in range(7)]
    model = LinearModel(weights)
    together = compute_deletion(model, question, ranks, n_steps=10)
    assert model.batch_sizes == [CHUNK, 7 * 9 - CHUNK, 2]
    alone = [compute_deletion(model, question, [each], n_steps=10)[0] for each in ranks]
    assert together == alone


def test_progress_rises_to_one_and_can_stop():
    seen: list[float] = []
    ranks = [compute_ranks(np.zeros((10, 10), np.float32), seed) for seed in range(9)]
    question = Question(np.ones((1, 1, 10, 10), np.float32), target=0)
    model = LinearModel(np.ones((1, 10, 10), np.float32))
    compute_deletion(model, question, ranks, 24, seen.append)
    assert seen == sorted(seen) and seen[-1] == 1 and len(seen) > 5

    def stop(fraction: float) -> None:
        raise InterruptedError

    model.batch_sizes.clear()
    with pytest.raises(InterruptedError):
        compute_deletion(model, question, ranks, 24, stop)
    assert len(model.batch_sizes) == 1


def test_nothing_to_rank_gives_nothing():
    assert compute_deletion(MODEL, ONES, []) == []


@pytest.mark.parametrize(
    ("ranks", "n_steps", "words"),
    [([BEST], 0, "at least one step"), ([np.zeros((3, 3), np.int32)], 4, "differ in size")],
)
def test_nonsense_is_refused(ranks, n_steps, words):
    with pytest.raises(ValueError, match=words):
        compute_deletion(MODEL, ONES, ranks, n_steps)


def test_what_the_reader_watches_is_what_the_curve_asks():
    rng = np.random.default_rng(0)
    weights = rng.normal(size=(1, 9, 9)).astype(np.float32)
    question = Question(rng.normal(size=(1, 1, 9, 9)).astype(np.float32), target=0)
    heat = rng.normal(size=(9, 9)).astype(np.float32)
    (curve,) = compute_deletion(LinearModel(weights), question, [compute_ranks(heat, 3)], 6)
    steps = compute_steps(heat, 6, seed=3)
    for step, probability in enumerate(curve.probabilities):
        left = np.where(steps <= step, 0, question.inputs[0, 0])
        assert probability == pytest.approx(sigmoid(float((weights[0] * left).sum())), abs=1e-5)
    assert steps.min() == 1 and steps.max() == 6
