"""Adversarial twins of models whose worst case is known."""

import numpy as np
import pytest

from dashboard.stress.adversarial import compute_fgsm, compute_levels, compute_pgd
from tests.dashboard.attribution.tiny_models import (
    CubeModel,
    LinearModel,
    SquareModel,
    create_inputs,
    create_linear,
)

TARGET = np.array([1, 1, 0])
INPUTS = create_inputs(shape=(3, 2, 16, 16)) * np.float32(0.5)  # far from black and white


def compute_scores(model: LinearModel, inputs: np.ndarray) -> np.ndarray:
    return model.predict(inputs)[np.arange(len(inputs)), TARGET]


def test_fgsm_on_a_linear_model_is_the_sign_of_its_weights() -> None:
    model = create_linear()
    twins = compute_fgsm(model, INPUTS, TARGET, 8, "score")
    level = np.float32(2 / 255)  # black is -1, white 1
    np.testing.assert_allclose(
        twins, INPUTS - 8 * level * np.sign(model.weights[TARGET]), atol=1e-6
    )
    # The score falls by epsilon times the weights' absolute sum: no other change does worse.
    fall = compute_scores(model, INPUTS) - compute_scores(model, twins)
    expected = 8 * level * np.abs(model.weights[TARGET]).sum((1, 2, 3))
    np.testing.assert_allclose(fall, expected, rtol=1e-4)


def test_pgd_on_a_linear_model_reaches_fgsms_corner_from_anywhere() -> None:
    model = create_linear()
    corner = compute_fgsm(model, INPUTS, TARGET, 8, "score")
    for seed in (0, 1):
        twins = compute_pgd(model, INPUTS, TARGET, 8, seed=seed, aim="score")
        np.testing.assert_allclose(twins, corner, atol=1e-6)


def test_the_margin_looks_at_the_strongest_other_class() -> None:
    model = create_linear()
    logits = model.predict(INPUTS)
    logits[np.arange(3), TARGET] = -np.inf
    difference = model.weights[TARGET] - model.weights[logits.argmax(axis=1)]
    expected = INPUTS - 4 * np.float32(2 / 255) * np.sign(difference)
    np.testing.assert_allclose(compute_fgsm(model, INPUTS, TARGET, 4), expected, atol=1e-6)


@pytest.mark.parametrize("epsilon", [0.0, 1.0, 8.0, 255.0])
def test_twins_stay_in_the_ball_and_in_the_valid_range(epsilon: float) -> None:
    model = create_linear(kind=CubeModel)
    inputs = create_inputs(shape=(3, 2, 16, 16))
    before = inputs.copy()
    for twins in (
        compute_fgsm(model, inputs, TARGET, epsilon),
        compute_pgd(model, inputs, TARGET, epsilon, n_steps=5),
        compute_pgd(model, inputs, TARGET, epsilon, n_steps=3, step=300),
    ):
        assert twins.shape == inputs.shape and twins.dtype == np.float32
        assert compute_levels(model, inputs, twins) <= epsilon + 1e-3
        assert np.abs(twins).max() <= 1
    np.testing.assert_array_equal(inputs, before)


def test_small_steps_find_the_bottom_that_one_step_jumps_over() -> None:
    model = create_linear(kind=SquareModel)
    model.weights = np.abs(model.weights)  # every score is a bowl with its bottom at 0
    one = compute_fgsm(model, INPUTS, TARGET, 100, "score")
    many = compute_pgd(model, INPUTS, TARGET, 100, n_steps=20, aim="score")
    stride = 2.5 * 100 / 20 * 2 / 255
    assert np.abs(many).max() <= stride + 1e-6 < np.abs(one).max()
    assert (compute_scores(model, many) < 0.1 * compute_scores(model, one)).all()


def test_pgd_repeats_under_a_seed_and_starts_elsewhere_under_another() -> None:
    model = create_linear(kind=CubeModel)
    twins = [
        compute_pgd(model, INPUTS, TARGET, 8, n_steps=1, step=0.5, seed=seed) for seed in (0, 0, 1)
    ]
    np.testing.assert_array_equal(twins[0], twins[1])
    assert not np.array_equal(twins[0], twins[2])


def test_bad_requests_are_refused_in_one_sentence() -> None:
    model = create_linear()
    for epsilon in (-1, 256, float("nan")):
        with pytest.raises(ValueError, match="Epsilon must be between 0 and 255"):
            compute_fgsm(model, INPUTS, TARGET, epsilon)
    with pytest.raises(ValueError, match="3 inputs and 2 true classes"):
        compute_fgsm(model, INPUTS, TARGET[:2], 8)
    with pytest.raises(ValueError, match="at least one step"):
        compute_pgd(model, INPUTS, TARGET, 8, n_steps=0)
    with pytest.raises(ValueError, match="above 0"):
        compute_pgd(model, INPUTS, TARGET, 8, step=0)
    with pytest.raises(ValueError, match="second class"):
        compute_fgsm(create_linear(shape=(1, 2, 16, 16)), INPUTS, np.zeros(3, int), 8)
