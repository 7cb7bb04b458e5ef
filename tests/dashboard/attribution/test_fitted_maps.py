"""Masked gradients, soft ranking and RISE's regression, on networks whose answer is known."""

import numpy as np
import pytest
import torch
from torch import nn

from dashboard.attribution import get_method, rise_refitted, soft_masks, soft_ranking
from dashboard.attribution.base import Question
from dashboard.attribution.params import Value, compute_defaults
from dashboard.inference.model import Floats, Model
from export.autodiff.deploy.masks import Fills, create_masks, create_smoothers, draw
from tests.dashboard.attribution.tiny_models import (
    LinearModel,
    SquareModel,
    TorchModel,
    create_inputs,
    create_linear,
)


class ConvNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.out = nn.Conv2d(1, 4, 5, stride=4), nn.Linear(4, 3)
        generator = torch.Generator().manual_seed(0)
        for parameter in self.parameters():
            nn.init.normal_(parameter, std=0.5, generator=generator)

    def features(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.conv(x))

    def classify(self, features: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.out(features.mean((2, 3)))
        return logits


def compute_heat(name: str, model: Model, question: Question, **params: Value) -> Floats:
    method = get_method(name)
    chosen = {**compute_defaults(method.params), **params}
    return method.compute_heat(method.attribute(model, question, chosen))


def create_square_network() -> tuple[LinearModel, Floats]:
    """Return a network that looks at one square only, and a picture that is bright there."""
    weights = np.zeros((2, 1, 28, 28), np.float32)
    weights[1, 0, 8:16, 12:20] = 1.0
    picture = 0.3 * create_inputs(shape=(1, 1, 28, 28))
    picture[0, 0, 8:16, 12:20] += 0.7
    return LinearModel(weights), picture


def test_masked_gradients_of_a_linear_model_are_weight_times_distance_from_the_fills() -> None:
    model, inputs = create_linear(), create_inputs()
    draws = draw(16, (2, 16, 16), seed=5)
    fills = Fills(inputs[0]).create(draws.kinds, draws.levels)
    rows, columns = create_smoothers((16, 16))
    expected = rows @ (model.weights[1] * (inputs[0] - fills.mean(axis=0))) @ columns.T
    question = Question(inputs, 1, seed=5)
    found = get_method("masked_gradients").attribute(model, question, {"n_masks": 16})
    np.testing.assert_allclose(found.attributions[0], expected, rtol=1e-4, atol=1e-5)


def test_masked_gradients_are_taken_at_the_masked_picture() -> None:
    # Of sum(w x^2) the gradient at the point where a mask shows the picture is 2 w point.
    model, inputs = create_linear(kind=SquareModel), create_inputs()
    draws = draw(16, (2, 16, 16), seed=0)
    masks = create_masks(draws, slice(None))[:, np.newaxis]
    fills = Fills(inputs[0]).create(draws.kinds, draws.levels)
    points = fills + masks * (inputs - fills)
    slopes = 2 * model.weights[1] * points * (inputs - fills)
    rows, columns = create_smoothers((16, 16))
    expected = (rows @ slopes.mean(axis=0) @ columns.T).sum(axis=0)
    heat = compute_heat("masked_gradients", model, Question(inputs, 1), n_masks=16)
    np.testing.assert_allclose(heat, expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("name", ["masked_gradients", "soft_ranking", "rise_refitted"])
def test_the_hottest_places_are_those_that_the_network_looks_at(name: str) -> None:
    model, picture = create_square_network()
    heat = compute_heat(name, model, Question(picture, 1))
    hottest = np.zeros(heat.size, bool)
    hottest[np.argsort(-heat.ravel())[:64]] = True
    assert hottest.reshape(heat.shape)[8:16, 12:20].mean() >= 0.75


@pytest.mark.parametrize("name", ["masked_gradients", "soft_ranking", "rise_refitted"])
@pytest.mark.parametrize("size", [(7, 7), (9, 30), (5, 12), (65, 70)])
def test_pictures_of_any_size(name: str, size: tuple[int, int]) -> None:
    model = create_linear(shape=(3, 1, *size))
    heat = compute_heat(name, model, Question(create_inputs(shape=(1, 1, *size)), 0))
    assert heat.shape == size and np.isfinite(heat).all()


@pytest.mark.parametrize("name", ["masked_gradients", "soft_ranking", "rise_refitted"])
def test_a_network_that_answers_the_same_to_everything_gives_a_flat_map(name: str) -> None:
    model = LinearModel(np.zeros((3, 1, 28, 28), np.float32))
    heat = compute_heat(name, model, Question(create_inputs(shape=(1, 1, 28, 28)), 0))
    np.testing.assert_array_equal(heat, np.zeros_like(heat))


@pytest.mark.parametrize("name", ["masked_gradients", "soft_ranking"])
def test_a_constant_picture_gives_a_flat_map(name: str) -> None:
    picture = np.full((1, 2, 16, 16), 0.3, np.float32)
    heat = compute_heat(name, create_linear(), Question(picture, 0))
    np.testing.assert_array_equal(heat, np.zeros_like(heat))


def test_the_fitted_map_alone_is_another_map() -> None:
    model, picture = create_square_network()
    question = Question(picture, 1)
    both = compute_heat("soft_ranking", model, question)
    alone = compute_heat("soft_ranking", model, question, shows="fitted map alone")
    assert not np.allclose(both, alone)


def test_a_large_photo_starts_from_rise_and_grad_cam_a_small_picture_from_masked_gradients() -> (
    None
):
    for side, n_runs in ((64, 300), (28, 0)):
        model = create_linear(shape=(3, 1, side, side))
        question = Question(create_inputs(shape=(1, 1, side, side)), 1)
        compute_heat("soft_ranking", model, question, n_steps=4)
        n_gradients = 4 * 8 + (0 if n_runs else 64)
        assert sum(model.calls) == n_runs + n_gradients + 1  # one to count the classes


def test_its_grad_cam_is_the_methods_own() -> None:
    model = TorchModel(ConvNet(), (1, 64, 70))
    question = Question(create_inputs(shape=(1, 1, 64, 70)), 1)
    heat = soft_ranking.compute_grad_cam(model, question)
    assert heat is not None and np.ptp(heat) > 0
    np.testing.assert_allclose(
        heat, compute_heat("grad_cam", model, question), rtol=1e-4, atol=1e-6
    )
    small = Question(create_inputs(shape=(1, 1, 28, 28)), 1)
    assert soft_ranking.compute_grad_cam(TorchModel(ConvNet(), (1, 28, 28)), small) is None


def test_of_two_classes_the_other_is_the_rival_and_a_chosen_one_stays() -> None:
    two, three = (create_linear(shape=(k, 1, 9, 9)) for k in (2, 3))
    question = Question(create_inputs(shape=(1, 1, 9, 9)), 1)
    assert soft_ranking.name_rival(two, question).versus == 0
    assert soft_ranking.name_rival(three, question).versus is None
    chosen = Question(question.inputs, 1, versus=2)
    assert soft_ranking.name_rival(three, chosen) is chosen


def test_refitting_takes_no_run_more_than_rise() -> None:
    counts = []
    for name in ("rise", "rise_refitted"):
        model = create_linear()
        compute_heat(name, model, Question(create_inputs(), 1), n_masks=100)
        counts.append(sum(model.calls))
    assert counts == [100, 100]


def test_the_regression_finds_the_map_that_made_the_answers() -> None:
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:12, :12]
    truth = np.exp(-((y - 4) ** 2 + (x - 8) ** 2) / 8) - np.exp(-((y - 9) ** 2 + x**2) / 8)
    shown = (rng.random((300, 12, 12)) < 0.5).astype(float)
    answers = 3.0 + np.tensordot(shown, truth, 2) + 0.1 * rng.standard_normal(300)
    found = rise_refitted.fit(shown, answers)
    assert np.corrcoef(found.ravel(), truth.ravel())[0, 1] > 0.97


def test_answers_that_are_all_the_same_fit_a_flat_map() -> None:
    shown = np.random.default_rng(0).random((20, 6, 6))
    assert np.abs(rise_refitted.fit(shown, np.full(20, 2.5))).max() < 1e-9


@pytest.mark.parametrize("name", ["masked_gradients", "soft_ranking", "rise_refitted"])
@pytest.mark.parametrize("side", [28, 64])
def test_answers_that_are_no_numbers_are_refused(name: str, side: int) -> None:
    model = LinearModel(np.full((3, 1, side, side), np.nan, np.float32))
    with pytest.raises(ValueError, match="not finite"):
        compute_heat(name, model, Question(create_inputs(shape=(1, 1, side, side)), 0))


def test_soft_masks_show_about_the_share_and_the_hottest_first() -> None:
    heat = np.random.default_rng(0).standard_normal((40, 40))
    shares = np.array([0.1, 0.5, 0.9])
    shown = soft_masks.create_soft_masks(heat, shares)
    assert np.abs(shown.mean(axis=(1, 2)) - shares).max() < 0.03
    order = np.argsort(heat.ravel())
    assert (np.diff(shown.reshape(3, -1)[:, order], axis=1) >= 0).all()


def test_what_lifts_a_whole_edge_moves_nothing() -> None:
    shown = soft_masks.create_soft_masks(
        np.random.default_rng(0).standard_normal((9, 9)), np.array([0.3, 0.6])
    )
    np.testing.assert_allclose(soft_masks.follow(shown, np.full((2, 9, 9), 7.0)), 0, atol=1e-12)
    # By hand: two places on the edge, of equal weight 1/4, with slopes 3 and 1.
    found = soft_masks.follow(np.full((1, 1, 2), 0.5), np.array([[[3.0, 1.0]]]))
    np.testing.assert_allclose(found, [[0.25, -0.25]])


def test_the_canvas_traces_back_what_it_paints() -> None:
    # <paint(a), b> = <a, trace(b)>: one is the other's transpose.
    rng = np.random.default_rng(0)
    canvas = soft_masks.Canvas((50, 35))
    coarse, slope = rng.standard_normal((28, 28)), rng.standard_normal((50, 35))
    assert (canvas.paint(coarse) * slope).sum() == pytest.approx(
        (coarse * canvas.trace(slope)).sum()
    )
    np.testing.assert_allclose(canvas.pool(np.full((50, 35), 2.0)), 2.0, rtol=1e-6)


def test_adams_first_step_is_its_rate_in_each_slopes_direction() -> None:
    adam = soft_masks.Adam(np.zeros(3))
    adam.climb(np.array([5.0, -0.01, 0.0]))
    np.testing.assert_allclose(adam.value, [soft_masks.RATE, -soft_masks.RATE, 0.0])
