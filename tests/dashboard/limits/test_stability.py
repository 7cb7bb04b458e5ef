"""Two seeds, and the budget that makes them agree: formulas by hand, forecasts against draws."""

import math
from dataclasses import replace

import numpy as np
import pytest

from dashboard.attribution import get_method
from dashboard.attribution.base import Attribution, Method, Progress, Question
from dashboard.attribution.params import IntParam, Params
from dashboard.inference.model import Model
from dashboard.limits.stability import (
    GOAL,
    compute_seed_agreement,
    forecast_agreement,
    forecast_factor,
    get_budget,
    suggest_budget,
)
from tests.dashboard.attribution.tiny_models import create_inputs, create_linear

BUDGET = IntParam("n", "Draws", 20, 10, 400, 10)


def draw_noise(model: Model, question: Question, params: Params, progress: Progress) -> Attribution:
    """Be a method whose map is a mean of ``n`` noisy copies of one truth."""
    truth = np.random.default_rng(99).normal(size=(1, 1, 40, 40))
    noise = np.random.default_rng(question.seed).normal(size=(int(params["n"]), 1, 40, 40))
    progress(1.0)
    return Attribution((truth + 4 * noise.mean(axis=0, keepdims=True)).astype(np.float32))


NOISY = replace(get_method("rise"), compute=draw_noise, params=(BUDGET,), budget="n")


def compare(method: Method, params: Params, seed: int = 0) -> float:
    question, model = Question(create_inputs(), 1, seed=seed), create_linear()
    heat = method.compute_heat(method.attribute(model, question, params))
    return compute_seed_agreement(model, question, method, params, heat)


def test_spearman_brown_by_hand() -> None:
    assert forecast_agreement(0.5, 2) == pytest.approx(2 / 3)
    assert forecast_agreement(0.3, 1) == pytest.approx(0.3)
    assert forecast_factor(0.5) == pytest.approx(9)
    assert forecast_factor(0.5, goal=2 / 3) == pytest.approx(2)


@pytest.mark.parametrize("agreement", [0.01, 0.3, 0.73, 0.95])
def test_the_factor_undoes_the_forecast(agreement: float) -> None:
    factor = forecast_factor(agreement)
    assert factor is not None
    assert forecast_agreement(agreement, factor) == pytest.approx(GOAL)


@pytest.mark.parametrize("agreement", [0.0, -0.4, math.nan, 1e-9])
def test_nothing_in_common_is_nothing_to_multiply(agreement: float) -> None:
    assert forecast_factor(agreement) is None
    assert suggest_budget(BUDGET, 20, agreement) is None


@pytest.mark.parametrize(
    ("spent", "agreement", "wanted"),
    [(20, 0.5, 180), (20, 0.51, 180), (20, 0.9, 20), (100, 0.99, 10), (20, 0.1, 1620)],
)
def test_the_suggestion_lies_on_the_parameters_own_steps(
    spent: int, agreement: float, wanted: int
) -> None:
    assert suggest_budget(BUDGET, spent, agreement) == wanted


def test_the_forecast_holds_for_a_mean_of_independent_draws() -> None:
    few = np.mean([compare(NOISY, {"n": 20}, seed) for seed in range(0, 16, 2)])
    wanted = suggest_budget(BUDGET, 20, float(few))
    assert wanted is not None
    assert compare(NOISY, {"n": wanted}) == pytest.approx(GOAL, abs=0.03)


def test_a_map_without_draws_agrees_with_itself() -> None:
    assert compare(get_method("saliency"), {}) == pytest.approx(1)


def test_what_cannot_be_compared_is_not_a_number() -> None:
    def make_flat(*_: object) -> Attribution:
        return Attribution(np.zeros((1, 1, 4, 4), np.float32))

    def fail(*_: object) -> Attribution:
        return Attribution(np.full((1, 1, 4, 4), np.nan, np.float32))

    assert math.isnan(compare(replace(NOISY, compute=make_flat), {"n": 10}))
    heat = np.random.default_rng(0).random((4, 4), np.float32)
    question = Question(create_inputs(), 1)
    broken = replace(NOISY, compute=fail)
    assert math.isnan(compute_seed_agreement(create_linear(), question, broken, {"n": 10}, heat))


def test_what_stops_the_network_is_not_taken_for_a_map() -> None:
    def stop(*_: object) -> Attribution:
        raise ValueError("The network took too long.")

    heat = np.random.default_rng(0).random((4, 4), np.float32)
    stopped = replace(NOISY, compute=stop)
    with pytest.raises(ValueError, match="too long"):
        compute_seed_agreement(
            create_linear(), Question(create_inputs(), 1), stopped, {"n": 10}, heat
        )


def test_the_budget_is_one_of_the_parameters_or_none() -> None:
    assert get_budget(NOISY) is BUDGET
    assert get_budget(get_method("saliency")) is None
