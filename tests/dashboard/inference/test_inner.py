"""The inside of the zoo's networks: stages, receptive fields, switches, gradients of units."""

from pathlib import Path

import numpy as np
import pytest

from dashboard.cache import ZOO
from dashboard.features.channels import (
    Survival,
    compute_contributions,
    compute_survival,
    count_kept,
    count_sufficient,
    create_switches,
    measure_own_answer,
)
from dashboard.features.feature_visualisation import optimise_image, precondition
from dashboard.features.inside import convolve, cut_sliding, describe_stage
from dashboard.features.top_patches import Peaks, cut_field, cut_patches, find_peaks
from dashboard.inference.inner import InnerModel
from dashboard.inference.model import Floats
from dashboard.inference.sessions import OnnxModel
from dashboard.inference.shuffling import shuffle_array
from dashboard.inference.stages import Field, Stage
from dashboard.inference.weights import read_weights

SMALL, LITE = "cnn.fashion_mnist", "efficientnet_lite0.imagenet"


@pytest.fixture(scope="module", params=[SMALL, LITE])
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def inner(name: str) -> InnerModel:
    return InnerModel(ZOO / name)


@pytest.fixture(scope="module")
def small() -> InnerModel:
    return InnerModel(ZOO / SMALL)


def draw(model: InnerModel, count: int = 1) -> Floats:
    spec = model.card.input
    shape = (count, spec.channels, spec.size, spec.size)
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


def test_there_is_one_stage_a_resolution_from_fine_to_coarse(inner: InnerModel, name: str) -> None:
    sides = [stage.side for stage in inner.stages]
    assert sides == ([28, 14, 7] if name == SMALL else [112, 56, 28, 14, 7])
    assert inner.stages[-1].depth == 1
    assert [stage.depth for stage in inner.stages] == sorted(stage.depth for stage in inner.stages)


def test_receptive_fields_are_those_worked_out_by_hand(small: InnerModel) -> None:
    # 5x5; pool: 6, jump 2; two 3x3: 6 + 2 * 2 * 2 = 14; pool: 16, jump 4; two 3x3: 16 + 16 = 32
    fields = [(stage.field.size, stage.field.jump) for stage in small.stages]
    assert fields == [(5, 1), (14, 2), (32, 4)]


def test_what_a_layer_sees_is_said_as_its_formula_gives_it(small: InnerModel) -> None:
    said = [describe_stage(stage, 28) for stage in small.stages]
    assert "window of 5 × 5 pixels; its neighbour's lies 1 pixel further on" in said[0]
    assert "window of 14 × 14 pixels; its neighbour's lies 2 pixels further on" in said[1]
    assert "32 × 32 pixels, wider than the picture's 28: from the middle" in said[2]


def test_only_a_layer_whose_corners_see_it_all_is_said_to_see_the_whole_picture(
    inner: InnerModel,
) -> None:
    side = inner.card.input.size
    picture = np.zeros((side, side, 1), np.uint8)
    for stage in inner.stages:
        corners = (0, stage.side - 1, stage.side * (stage.side - 1), stage.side**2 - 1)
        sees_all = all(cut_field(picture, stage, corner).size == side**2 for corner in corners)
        assert ("can see the whole picture" in describe_stage(stage, side)) is sees_all


@pytest.mark.parametrize("stage", [0, 1])
def test_a_unit_answers_to_its_receptive_field_and_to_nothing_else(
    small: InnerModel, stage: int
) -> None:
    inputs = draw(small)
    spot = small.stages[stage]
    place = (spot.side // 2) * spot.side + spot.side // 2
    rows = np.arange(28 * 28, dtype=np.float32).reshape(28, 28, 1)
    seen = np.isin(rows[..., 0], cut_field(rows, spot, place))  # type: ignore[arg-type]
    changed = np.where(seen, inputs, inputs + 5)
    row, column = divmod(place, spot.side)
    before, after = (small.look(x)[1][stage][0, :, row, column] for x in (inputs, changed))
    np.testing.assert_allclose(before, after, atol=1e-5)
    hit = np.where(seen, inputs + 5, inputs)
    assert np.abs(small.look(hit)[1][stage][0, :, row, column] - before).max() > 0.1


def test_looking_does_not_change_the_answer(inner: InnerModel, name: str) -> None:
    inputs = draw(inner, 2)
    logits, layers = inner.look(inputs)
    np.testing.assert_allclose(logits, OnnxModel(ZOO / name).predict(inputs), atol=1e-4)
    assert [layer.shape for layer in layers] == [
        (2, stage.channels, stage.side, stage.side) for stage in inner.stages
    ]


def test_a_layer_without_any_channel_answers_alike_for_all_pictures(inner: InnerModel) -> None:
    inputs = draw(inner, 2)
    last = len(inner.stages) - 1
    none = np.zeros((2, inner.stages[last].channels), np.float32)
    logits, layers = inner.look(inputs, {last: none})
    np.testing.assert_allclose(logits[0], logits[1], atol=1e-5)
    assert layers[last].max() > 0  # before the switch


def test_gradients_of_inner_layers_are_those_of_the_zoo(small: InnerModel) -> None:
    inputs = draw(small)
    shipped = OnnxModel(ZOO / SMALL).explain(inputs, np.array([3]))
    for stage, (activation, gradient) in zip(small.stages, small.explain(inputs, 3), strict=True):
        np.testing.assert_allclose(activation, shipped.layers[stage.tensor][0], atol=1e-5)
        np.testing.assert_allclose(gradient, shipped.layers[stage.tensor][1], atol=1e-5)


@pytest.mark.parametrize("stage", [0, 1, 2])
def test_a_unit_s_gradient_is_that_of_finite_differences(small: InnerModel, stage: int) -> None:
    inputs = draw(small)
    direction = np.random.default_rng(1).normal(size=inputs.shape).astype(np.float32)
    step = 1e-3
    ahead, _ = small.climb(stage, 4, inputs + step * direction)
    behind, _ = small.climb(stage, 4, inputs - step * direction)
    _, gradient = small.climb(stage, 4, inputs)
    expected = float((gradient * direction).sum())
    assert (ahead - behind) / (2 * step) == pytest.approx(expected, rel=0.03, abs=2e-3)


def test_the_first_layer_by_hand_is_the_network_s(inner: InnerModel) -> None:
    inputs, kernels = draw(inner), inner.read_kernels()
    part = cut_sliding(inner, inputs, kernels)
    sums = np.clip(convolve(part.values, kernels), 0, 6 if inner.card.input.channels == 3 else None)
    top, left = part.output
    side = sums.shape[1]
    layer = inner.look(inputs)[1][0][0]
    np.testing.assert_allclose(sums, layer[:, top : top + side, left : left + side], atol=1e-3)
    assert part.pixels.shape == (*part.values.shape[1:], 3)


def test_contributions_of_the_last_layer_add_up_to_the_score(small: InnerModel) -> None:
    # After the last layer come a mean and a linear map: activation x gradient is exact there.
    inputs = draw(small)
    logits, _ = small.look(inputs)
    empty, _ = small.look(inputs, {2: np.zeros((1, 128), np.float32)})
    total = compute_contributions(*small.explain(inputs, 3)[2]).sum()
    assert total == pytest.approx(float(logits[0, 3] - empty[0, 3]), abs=1e-3)


def test_survival_ends_with_the_whole_prediction(small: InnerModel) -> None:
    inputs = draw(small)
    logits, _ = small.look(inputs)
    target = int(logits[0].argmax())
    powers = np.exp(logits[0] - logits[0].max())
    pairs = [compute_contributions(*pair) for pair in small.explain(inputs, target)]
    done: list[float] = []
    curves = compute_survival(small, inputs, target, pairs, done.append)
    assert done == [1 / 3, 2 / 3, 1]
    for curve in curves:
        assert curve.kept[-1] == curve.channels
        whole = pytest.approx(float(powers[target] / powers.sum()), abs=1e-5)
        assert curve.best[-1] == curve.random[-1] == whole
        assert all(0 <= p <= 1 for p in (*curve.best, *curve.random))


def test_other_weights_take_the_place_of_the_network_s_own(small: InnerModel) -> None:
    inputs = draw(small)
    weights = read_weights(ZOO / SMALL)
    shuffled = {key: shuffle_array(each, 0, i) for i, (key, each) in enumerate(weights.items())}
    other = InnerModel(ZOO / SMALL, weights=shuffled)
    twin = OnnxModel(ZOO / SMALL, weights=shuffled)
    logits, _ = other.look(inputs)
    np.testing.assert_allclose(logits, twin.predict(inputs), atol=1e-4)
    assert np.abs(logits - small.look(inputs)[0]).max() > 1
    answer, curves = measure_own_answer(other, inputs)
    assert answer == int(logits[0].argmax()) and len(curves) == 3
    shipped = twin.explain(inputs, np.array([answer]))
    for stage, (_, gradient) in zip(other.stages, other.explain(inputs, answer), strict=True):
        np.testing.assert_allclose(gradient, shipped.layers[stage.tensor][1], atol=1e-5)


def test_switches_keep_the_first_of_an_order() -> None:
    order = np.array([2, 0, 1])
    np.testing.assert_array_equal(create_switches(order, [1, 2]), [[0, 0, 1], [1, 0, 1]])
    assert count_kept(32) == (1, 4, 16, 24, 32)


def test_the_sufficient_number_holds_from_there_on() -> None:
    def curve(*best: float) -> Survival:
        return Survival(0, 8, (1, 4, 6, 8), best, best)

    assert count_sufficient(curve(0.1, 0.6, 0.7, 0.8)) == 4
    assert count_sufficient(curve(0.9, 0.1, 0.7, 0.8)) == 6
    assert count_sufficient(curve(0.9, 0.9, 0.1, 0.8)) == 8


def test_climbing_excites_the_unit_and_comes_out_the_same(small: InnerModel) -> None:
    limits = OnnxModel(ZOO / SMALL).input_range
    climb = optimise_image(small, 2, 7, limits, n_steps=12)
    again = optimise_image(small, 2, 7, limits, n_steps=12)
    np.testing.assert_array_equal(climb.image, again.image)
    assert climb.scores[-1] > climb.scores[0] + 0.5
    assert climb.image.min() >= limits[0].min() and climb.image.max() <= limits[1].max()


def test_preconditioning_favours_coarse_waves_and_keeps_zero() -> None:
    x = np.arange(32) * 2 * np.pi / 32
    waves = (np.sin(x) + np.sin(8 * x)) * np.ones((1, 1, 32, 1))
    spectrum = np.abs(np.fft.rfft(precondition(waves.astype(np.float32))[0, 0, 0]))
    assert spectrum[1] == pytest.approx(8 * spectrum[8], rel=1e-4)
    assert precondition(np.zeros((1, 1, 8, 8), np.float32)).max() == 0


def test_peaks_and_patches_come_from_the_strongest_place(small: InnerModel) -> None:
    inputs = draw(small, 5)
    moved: list[float] = []
    peaks = find_peaks(small, inputs, 2, moved.append)
    layer = small.look(inputs)[1][1]
    assert moved == [0.4, 0.8, 1.0]
    np.testing.assert_allclose(np.maximum(peaks[1].values, 0), layer.max(axis=(2, 3)), atol=1e-5)
    row, column = divmod(int(peaks[1].places[3, 6]), 14)
    value = max(0.0, float(peaks[1].values[3, 6]))
    assert layer[3, 6, row, column] == pytest.approx(value, abs=1e-5)


def test_patches_are_strongest_first_without_silent_pictures() -> None:
    stage = Stage("t", "b", 1, 4, 1.0, Field(3, 2, 0))
    views = np.arange(3 * 8 * 8 * 3, dtype=np.int64).reshape(3, 8, 8, 3).astype(np.uint8)
    peaks = Peaks(np.array([[1.0], [0.0], [2.0]], np.float32), np.array([[0], [0], [5]], np.int32))
    patches = cut_patches(views, stage, peaks, 0, 6)
    assert [(patch.index, patch.value) for patch in patches] == [(2, 2.0), (0, 1.0)]
    np.testing.assert_array_equal(patches[0].pixels, views[2, 1:4, 1:4])
    np.testing.assert_array_equal(patches[1].pixels, views[0, :2, :2])  # cut at the border


def test_the_files_of_the_zoo_are_not_touched(small: InnerModel) -> None:
    folder: Path = ZOO / SMALL
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    small.climb(0, 0, draw(small))
    assert before == {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
