"""Each method against values computed by hand on networks that are small enough."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from captum.attr import IntegratedGradients

from dashboard.attribution import get_method
from dashboard.attribution.base import Attribution, Question
from dashboard.attribution.bridge import Score
from dashboard.attribution.edges import compute_sobel
from dashboard.attribution.fill import create_fill
from dashboard.attribution.gradient_shap import split
from dashboard.attribution.params import Value, compute_defaults
from dashboard.attribution.rise import create_masks
from dashboard.attribution.superpixels import compute_superpixels
from dashboard.inference.model import Explained, Model
from tests.dashboard.attribution.tiny_models import (
    CubeModel,
    LinearModel,
    SquareModel,
    create_inputs,
    create_linear,
)


def attribute(name: str, model: Model, question: Question, **params: Value) -> Attribution:
    method = get_method(name)
    return method.attribute(model, question, {**compute_defaults(method.params), **params})


def test_saliency_of_a_linear_model_is_the_absolute_weight() -> None:
    model = create_linear()
    result = attribute("saliency", model, Question(create_inputs(), 1))
    np.testing.assert_allclose(result.attributions[0], np.abs(model.weights[1]), rtol=1e-6)


def test_input_x_gradient_of_a_linear_model_is_each_pixels_share() -> None:
    model, inputs = create_linear(), create_inputs()
    result = attribute("input_x_gradient", model, Question(inputs, 1))
    np.testing.assert_allclose(result.attributions, inputs * model.weights[1], rtol=1e-5)
    assert result.attributions.sum() == pytest.approx(
        float(model.predict(inputs)[0, 1] - model.bias), rel=1e-3
    )


@pytest.mark.parametrize("fill", ["grey", "black", "white"])
def test_integrated_gradients_of_a_linear_model_is_weight_times_distance(fill: str) -> None:
    model, inputs = create_linear(), create_inputs()
    blank = {"grey": 0.0, "black": -1.0, "white": 1.0}[fill]
    result = attribute("integrated_gradients", model, Question(inputs, 0), fill=fill)
    np.testing.assert_allclose(
        result.attributions, model.weights[0] * (inputs - blank), rtol=1e-4, atol=1e-5
    )


def test_integrated_gradients_of_a_square_is_exact_with_any_number_of_steps() -> None:
    # d/dx of w x^2 is linear along the path from zero, and Gauss-Legendre is exact for that.
    model, inputs = create_linear(kind=SquareModel), create_inputs()
    result = attribute("integrated_gradients", model, Question(inputs, 2), n_steps=8)
    np.testing.assert_allclose(
        result.attributions, model.weights[2] * inputs**2, rtol=1e-4, atol=1e-5
    )
    assert result.convergence_delta == pytest.approx(0, abs=1e-3)


@pytest.mark.parametrize("n_steps", [8, 15])
def test_the_gap_is_captums_own_convergence_delta(n_steps: int) -> None:
    # Captum: sum(attributions) - (score(inputs) - score(baselines)), one value an input, signed.
    model, inputs = create_linear(kind=CubeModel), create_inputs()
    question = Question(inputs, 1)
    result = attribute("integrated_gradients", model, question, n_steps=n_steps, fill="black")
    score = Score(model, question, lambda fraction: None, total=1)
    _, delta = IntegratedGradients(score).attribute(
        torch.from_numpy(inputs),
        torch.from_numpy(create_fill(model, inputs, "black")),
        n_steps=n_steps,
        return_convergence_delta=True,
    )
    assert delta.shape == (1,)
    assert result.convergence_delta == pytest.approx(float(delta), abs=1e-2)


def test_gradient_shap_draws_every_sample_in_groups_of_eight_at_most() -> None:
    assert split(8) == [8]
    assert split(20) == [8, 8, 4]
    model = create_linear()
    attribute("gradient_shap", model, Question(create_inputs(), 1), n_samples=20)
    assert model.calls == [8, 8, 4, 5]  # and the photo with four blanks, for the gap


def test_contrast_of_a_linear_model_is_the_difference_of_the_maps() -> None:
    model, inputs = create_linear(), create_inputs()
    contrast = attribute("input_x_gradient", model, Question(inputs, 0, versus=2))
    expected = inputs * (model.weights[0] - model.weights[2])
    np.testing.assert_allclose(contrast.attributions, expected, rtol=1e-4, atol=1e-6)


def test_smoothgrad_with_one_copy_and_no_noise_is_saliency() -> None:
    model, question = create_linear(kind=SquareModel), Question(create_inputs(), 1)
    smooth = attribute("smoothgrad", model, question, n_samples=1, noise=0.0)
    plain = attribute("saliency", model, question)
    np.testing.assert_allclose(smooth.attributions, plain.attributions, rtol=1e-5)


def test_smoothgrad_averages_before_it_takes_the_absolute_value() -> None:
    # d/dx of w x^2 is 2 w x: with noise around x = 0 the signs cancel.
    model = create_linear(kind=SquareModel)
    question = Question(np.zeros((1, 2, 16, 16), np.float32), 1)
    few = attribute("smoothgrad", model, question, n_samples=1, noise=0.2)
    many = attribute("smoothgrad", model, question, n_samples=96, noise=0.2)
    assert many.attributions.mean() < 0.3 * few.attributions.mean()


def test_occlusion_of_a_linear_model_is_the_patchs_share() -> None:
    model, inputs = create_linear(), create_inputs()
    result = attribute("occlusion", model, Question(inputs, 1), window=8, stride=8)
    share = (model.weights[1] * inputs[0]).reshape(2, 2, 8, 2, 8).sum(axis=(0, 2, 4))  # (2, 2)
    expected = np.kron(share, np.ones((8, 8)))
    np.testing.assert_allclose(result.attributions[0, 0], expected, rtol=1e-3, atol=1e-3)


def test_occlusion_batches_its_patches() -> None:
    model = create_linear(shape=(3, 2, 64, 64))
    question = Question(create_inputs(shape=(1, 2, 64, 64)), 1)
    attribute("occlusion", model, question, window=8, stride=8)
    assert sum(model.calls) == 65 and max(model.calls) == 32


def test_kernel_shap_of_a_linear_model_is_each_pieces_share() -> None:
    model, inputs = create_linear(), create_inputs()
    result = attribute("kernel_shap", model, Question(inputs, 1), n_samples=400, n_segments=10)
    pieces = compute_superpixels(model, inputs, 10)[0, 0]
    share = (model.weights[1] * inputs[0]).sum(axis=0)
    for piece in np.unique(pieces):
        value = result.attributions[0, 0][pieces == piece]
        assert value.min() == value.max()
        assert value[0] == pytest.approx(share[pieces == piece].sum(), abs=0.05)


@pytest.mark.parametrize("shape", [(3, 64, 64), (1, 28, 28), (3, 40, 90)])
def test_a_photo_of_noise_is_cut_into_about_as_many_pieces(shape: tuple[int, ...]) -> None:
    # SLIC alone merges the fragments of noise into one piece, which KernelSHAP cannot weigh.
    model = create_linear(shape=(3, *shape))
    pieces = compute_superpixels(model, create_inputs(shape=(1, *shape)), 50)
    assert pieces.shape == (1, 1, *shape[1:])
    assert 25 <= len(np.unique(pieces)) <= 75
    assert len(np.unique(pieces)) == pieces.max() + 1


def test_superpixels_follow_the_photo() -> None:
    model = create_linear(shape=(3, 3, 32, 32))
    inputs = np.full((1, 3, 32, 32), -1, np.float32)
    inputs[..., 16:] = 1
    pieces = compute_superpixels(model, inputs, 8)[0, 0]
    assert set(np.unique(pieces[:, :16])).isdisjoint(np.unique(pieces[:, 16:]))
    assert set(np.unique(pieces)) == set(range(pieces.max() + 1))


def test_grad_cam_is_the_relu_of_the_weighted_channels() -> None:
    activation = np.array([[[[1, 2], [3, 4]], [[4, 3], [2, 1]]]], np.float32)  # (1, 2, 2, 2)
    gradient = np.array([[[[2, 2], [2, 2]], [[-1, -1], [-1, -1]]]], np.float32)

    class LayerModel(LinearModel):
        def explain(self, inputs, target, versus=None):  # type: ignore[no-untyped-def]
            linear = super().explain(inputs, target, versus)
            layers = {"features": (activation, gradient)}
            return Explained(linear.logits, linear.score, linear.gradient, layers)

    model = LayerModel(create_linear(shape=(3, 2, 2, 2)).weights, layers=("features",))
    result = attribute("grad_cam", model, Question(create_inputs(shape=(1, 2, 2, 2)), 1))
    # 2 * A0 - 1 * A1 = [[-2, 1], [4, 7]], negative dropped; the layer is as large as the input
    np.testing.assert_allclose(result.attributions, [[[[0, 1], [4, 7]]]])


def test_rise_finds_the_one_place_that_counts() -> None:
    weights = np.zeros((2, 1, 32, 32), np.float32)
    weights[1, 0, 20:26, 4:10] = 0.2
    model = LinearModel(weights)
    question = Question(np.ones((1, 1, 32, 32), np.float32), 1)
    heat = attribute("rise", model, question, n_masks=2000).attributions[0, 0]
    row, column = np.unravel_index(heat.argmax(), heat.shape)
    assert 18 <= row < 28 and 2 <= column < 12


def test_rise_masks_have_the_papers_shape_and_mean() -> None:
    masks = np.concatenate(list(create_masks(400, 7, 0.3, (50, 40), seed=0)))
    assert masks.shape == (400, 50, 40)
    assert masks.min() >= 0 and masks.max() <= 1 + 1e-6
    assert masks.mean() == pytest.approx(0.3, abs=0.02)
    assert np.abs(np.diff(masks, axis=1)).max() < 0.25  # smooth: cells of 8 rows


def test_rise_of_a_network_that_does_not_look_is_flat() -> None:
    model = LinearModel(np.zeros((2, 1, 16, 16), np.float32))
    question = Question(np.ones((1, 1, 16, 16), np.float32), 1)
    heat = attribute("rise", model, question, n_masks=100).attributions
    # probability 1/2 through every mask, whatever these masks happened to show
    np.testing.assert_allclose(heat, 0.5, rtol=1e-6)


def test_rise_gives_the_mean_where_no_mask_showed_anything() -> None:
    model = LinearModel(np.zeros((2, 1, 32, 32), np.float32))
    question = Question(np.ones((1, 1, 32, 32), np.float32), 1)
    heat = attribute("rise", model, question, n_masks=2, n_cells=16, keep=0.1).attributions
    np.testing.assert_allclose(heat, 0.5, rtol=1e-6)


def test_sobel_of_a_step_and_of_a_flat_picture() -> None:
    step = np.zeros((4, 6), np.float32)
    step[:, 3:] = 1
    expected = np.zeros((4, 6))
    expected[:, 2:4] = 4  # 1 + 2 + 1
    np.testing.assert_allclose(compute_sobel(step), expected)
    assert not compute_sobel(np.full((5, 5), 0.7, np.float32)).any()


def test_intensity_is_brightness_from_black_to_white() -> None:
    model = create_linear(shape=(3, 3, 4, 4))
    inputs = np.full((1, 3, 4, 4), -1, np.float32)
    inputs[0, :, 0, 0] = 1
    inputs[0, 1, 1, 1] = 1  # pure green
    heat = attribute("intensity", model, Question(inputs, 0)).attributions[0, 0]
    assert heat[0, 0] == pytest.approx(1.0)
    assert heat[1, 1] == pytest.approx(0.587)
    assert heat[2, 2] == pytest.approx(0.0)


def test_center_is_brightest_in_the_middle_and_symmetric() -> None:
    heat = attribute("center", create_linear(), Question(create_inputs(), 0)).attributions[0, 0]
    np.testing.assert_allclose(heat, heat[::-1, ::-1], rtol=1e-5)
    assert heat[7:9, 7:9].min() == heat.max()


def test_fills_are_the_models_own_black_white_and_middle() -> None:
    model, inputs = create_linear(), create_inputs()
    assert (create_fill(model, inputs, "black") == -1).all()
    assert (create_fill(model, inputs, "white") == 1).all()
    assert (create_fill(model, inputs, "grey") == 0).all()
    blurred = create_fill(model, inputs, "blurred")
    assert blurred.std() < 0.5 * inputs.std()
    assert blurred.mean() == pytest.approx(inputs.mean(), abs=0.1)
    with pytest.raises(ValueError, match="plaid"):
        create_fill(model, inputs, "plaid")


def test_values_that_are_not_finite_are_refused_by_name() -> None:
    def break_down(*_: object) -> Attribution:
        return Attribution(np.full((1, 1, 2, 2), np.nan, np.float32))

    method = replace(get_method("saliency"), label="Broken", compute=break_down)
    with pytest.raises(ValueError, match=r"^Broken"):
        method.attribute(create_linear(), Question(create_inputs(), 0), {})
