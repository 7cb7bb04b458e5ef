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
    Stability,
    compute_stability,
    fold,
    get_budget,
    prolong,
    suggest_budget,
    unfold,
)
from tests.dashboard.attribution.tiny_models import create_inputs, create_linear

BUDGET = IntParam("n", "Draws", 20, 10, 400, 10)
SIZE = (1, 1, 60, 60)
TRUTH = np.random.default_rng(99).normal(size=SIZE)
STRENGTH = np.exp(np.random.default_rng(98).normal(size=SIZE))  # of the noise, place by place


def draw_noise(model: Model, question: Question, params: Params, progress: Progress) -> Attribution:
    """Be a method whose map is a mean of ``n`` noisy copies of one truth."""
    noise = np.random.default_rng(question.seed).normal(size=(int(params["n"]), *SIZE[1:]))
    progress(1.0)
    return Attribution((TRUTH + 4 * noise.mean(axis=0, keepdims=True)).astype(np.float32))


def draw_folded(
    model: Model, question: Question, params: Params, progress: Progress
) -> Attribution:
    """Be one whose map is the absolute value of such a mean, of noise as strong as the place."""
    noise = np.random.default_rng(question.seed).normal(size=(int(params["n"]), *SIZE[1:]))
    mean = (STRENGTH * (TRUTH + 8 * noise.mean(axis=0, keepdims=True))).astype(np.float32)
    progress(1.0)
    return Attribution(np.abs(mean), mean=mean)


NOISY = replace(get_method("rise"), compute=draw_noise, params=(BUDGET,), budget="n")
FOLDED = replace(NOISY, compute=draw_folded)


def compare(method: Method, params: Params, seed: int = 0) -> Stability:
    question, model = Question(create_inputs(), 1, seed=seed), create_linear()
    heat = method.compute_heat(method.attribute(model, question, params))
    return compute_stability(model, question, method, params, heat)


def test_spearman_brown_by_hand() -> None:
    assert prolong(0.5, 2) == pytest.approx(2 / 3)
    assert prolong(0.3, 1) == pytest.approx(0.3)
    assert Stability(0.5).find_factor() == pytest.approx(9)
    assert Stability(0.5).find_factor(goal=2 / 3) == pytest.approx(2)
    assert Stability(0.95).find_factor() == 1


def test_the_correlation_of_absolute_values_by_hand_and_by_draws() -> None:
    assert fold(0) == pytest.approx(0) and fold(1) == pytest.approx(1)
    # sqrt(3) / 2 + pi / 12 - 1 over pi / 2 - 1
    assert fold(0.5) == pytest.approx(0.2239, abs=1e-4) == fold(-0.5)
    x, noise = np.random.default_rng(0).normal(size=(2, 200_000))
    y = 0.8 * x + 0.6 * noise
    assert np.corrcoef(np.abs(x), np.abs(y))[0, 1] == pytest.approx(fold(0.8), abs=0.01)
    for each in (0.1, 0.5, 0.99):
        assert fold(unfold(each)) == pytest.approx(each)


# The last is SmoothGrad on a photo: 0.435 of the maps, 0.232 of the means (EfficientNet-Lite0).
FOUND = (
    Stability(0.01),
    Stability(0.3),
    Stability(0.73),
    Stability(0.5, 0.7),
    Stability(0.435, 0.232),
)


@pytest.mark.parametrize("found", FOUND)
def test_the_factor_undoes_the_forecast(found: Stability) -> None:
    assert found.forecast(1) == pytest.approx(found.agreement, abs=0.02)
    factor = found.find_factor()
    assert factor is not None and factor > 1
    assert found.forecast(factor) == pytest.approx(GOAL)


@pytest.mark.parametrize(
    "found",
    [
        *map(Stability, (0.0, -0.4, math.nan, 1e-9)),
        Stability(0.4, 0.0),
        Stability(0.4, -0.1),
        Stability(0.4, math.nan),
    ],
)
def test_nothing_in_common_is_nothing_to_multiply(found: Stability) -> None:
    assert found.find_factor() is None
    assert suggest_budget(BUDGET, 20, found) is None


@pytest.mark.parametrize(
    ("spent", "agreement", "wanted"),
    [(20, 0.5, 180), (20, 0.51, 180), (20, 0.9, 20), (100, 0.99, 100), (20, 0.1, 1620)],
)
def test_the_suggestion_lies_on_the_parameters_own_steps(
    spent: int, agreement: float, wanted: int
) -> None:
    assert suggest_budget(BUDGET, spent, Stability(agreement)) == wanted


@pytest.mark.parametrize(("method", "error"), [(NOISY, 0.03), (FOLDED, 0.1)])
def test_the_forecast_holds_for_independent_draws(method: Method, error: float) -> None:
    found = compare(method, {"n": 20})
    assert found.agreement < 0.7
    wanted = suggest_budget(BUDGET, 20, found)
    assert wanted is not None
    assert compare(method, {"n": wanted}).agreement == pytest.approx(GOAL, abs=error)


def test_absolute_values_agree_before_there_is_anything_in_them() -> None:
    found = compare(FOLDED, {"n": 10})
    assert found.mean is not None and found.agreement > found.mean > 0
    # The plain formula would promise far too much.
    many = compare(FOLDED, {"n": 160}).agreement
    plain = prolong(found.agreement, 16)
    assert plain > many + 0.2
    assert abs(found.forecast(16) - many) < 0.5 * (plain - many)


def test_a_map_without_draws_agrees_with_itself() -> None:
    assert compare(get_method("saliency"), {}).agreement == pytest.approx(1)


def test_smoothgrad_tells_its_mean() -> None:
    found = compare(get_method("smoothgrad"), {"n_samples": 4, "noise": 0.2})
    assert found.mean == pytest.approx(1) == found.agreement  # of a linear network


def test_what_cannot_be_compared_is_not_a_number() -> None:
    def make_flat(*_: object) -> Attribution:
        return Attribution(np.zeros((1, 1, 4, 4), np.float32))

    def fail(*_: object) -> Attribution:
        return Attribution(np.full((1, 1, 4, 4), np.nan, np.float32))

    assert math.isnan(compare(replace(NOISY, compute=make_flat), {"n": 10}).agreement)
    heat = np.random.default_rng(0).random((4, 4), np.float32)
    question, broken = Question(create_inputs(), 1), replace(NOISY, compute=fail)
    found = compute_stability(create_linear(), question, broken, {"n": 10}, heat)
    assert math.isnan(found.agreement)


def test_what_stops_the_network_is_not_taken_for_a_map() -> None:
    def stop(*_: object) -> Attribution:
        raise ValueError("The network took too long.")

    heat = np.random.default_rng(0).random((4, 4), np.float32)
    question, stopped = Question(create_inputs(), 1), replace(NOISY, compute=stop)
    with pytest.raises(ValueError, match="too long"):
        compute_stability(create_linear(), question, stopped, {"n": 10}, heat)


def test_the_budget_is_one_of_the_parameters_or_none() -> None:
    assert get_budget(NOISY) is BUDGET
    assert get_budget(get_method("saliency")) is None
