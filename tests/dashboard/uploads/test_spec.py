"""From photos to network values and back, and from raw outputs to logits."""

from dataclasses import replace

import numpy as np
import pytest

from dashboard.uploads.spec import (
    NORMALIZATIONS,
    InputSpec,
    Kind,
    Normalization,
    OutputSpec,
    list_normalizations,
)
from tests.dashboard.uploads.networks import softmax

SPEC = InputSpec("image", "NCHW", 3, 4, 6, NORMALIZATIONS[0])
COLOURS = np.array([[[10, 20, 30]]], np.uint8).repeat(8, 0).repeat(12, 1)  # (8, 12, 3)


def preprocess(spec: InputSpec, pixels: np.ndarray) -> np.ndarray:
    return spec.normalize(spec.crop_view(pixels)[np.newaxis])


def test_the_centre_of_the_network_s_shape_is_seen() -> None:
    photo = np.zeros((40, 100, 3), np.uint8)
    photo[:, 20:80] = 200  # 60 x 40 in the middle: the shape of 6 x 4
    view = SPEC.crop_view(photo)
    assert view.shape == (4, 6, 3)
    assert (view == 200).all()


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (500, 1), (3, 2)])
def test_photos_of_any_shape_have_a_view(shape: tuple[int, int]) -> None:
    assert SPEC.crop_view(np.zeros((*shape, 3), np.uint8)).shape == (4, 6, 3)


@pytest.mark.parametrize("normalization", NORMALIZATIONS, ids=lambda each: each.name)
def test_pixels_become_what_the_normalization_says(normalization: Normalization) -> None:
    inputs = preprocess(replace(SPEC, normalization=normalization), COLOURS)
    assert inputs.shape == (1, 3, 4, 6)
    ordered = [10, 20, 30] if normalization.order == "RGB" else [30, 20, 10]
    expected = (np.array(ordered) - normalization.mean) / normalization.std
    np.testing.assert_allclose(inputs[0, :, 2, 3], expected, rtol=1e-5)


@pytest.mark.parametrize("normalization", NORMALIZATIONS, ids=lambda each: each.name)
def test_black_and_white_are_the_ends(normalization: Normalization) -> None:
    spec = replace(SPEC, normalization=normalization)
    black, white = spec.compute_range()
    assert black.shape == white.shape == (3, 1, 1)
    for pixel, end in ((0, black), (255, white)):
        photo = np.full((8, 12, 3), pixel, np.uint8)
        np.testing.assert_array_equal(preprocess(spec, photo)[0], np.broadcast_to(end, (3, 4, 6)))


def test_a_network_of_one_channel_sees_luminance() -> None:
    spec = replace(SPEC, channels=1, normalization=list_normalizations(1)[0])
    view = spec.crop_view(COLOURS)
    assert (view[..., 0] == view[..., 2]).all()
    luminance = 0.299 * 10 + 0.587 * 20 + 0.114 * 30
    assert preprocess(spec, COLOURS).shape == (1, 1, 4, 6)
    assert abs(preprocess(spec, COLOURS)[0, 0, 0, 0] - luminance) < 1
    assert spec.compute_range()[1].shape == (1, 1, 1)


def test_the_graph_s_layout_and_back() -> None:
    inputs = np.arange(2 * 3 * 4 * 6, dtype=np.float32).reshape(2, 3, 4, 6)
    last = replace(SPEC, layout="NHWC")
    assert last.graph_shape == (4, 6, 3)
    assert last.to_graph(inputs).shape == (2, 4, 6, 3)
    np.testing.assert_array_equal(last.from_graph(last.to_graph(inputs)), inputs)
    assert SPEC.to_graph(inputs) is inputs


@pytest.mark.parametrize("kind", ["logits", "probabilities", "log_probabilities"])
def test_softmax_of_the_logits_gives_the_probabilities_back(kind: Kind) -> None:
    logits = np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32)
    probs = softmax(logits)
    raw = {"logits": logits, "probabilities": probs, "log_probabilities": np.log(probs)}[kind]
    found = OutputSpec("out", kind, 4).compute_logits(raw)
    np.testing.assert_allclose(softmax(found), probs, rtol=1e-5)


def test_odds_of_independent_probabilities() -> None:
    raw = np.array([[0.0, 0.5, 0.75, 1.0]], np.float32)
    found = OutputSpec("out", "independent", 4).compute_logits(raw)
    np.testing.assert_allclose(found[0, 1:3], [0, np.log(3)], atol=1e-6)
    assert np.isfinite(found).all()


def test_certain_probabilities_stay_finite() -> None:
    found = OutputSpec("out", "probabilities", 2).compute_logits(np.array([[0, 1]], np.float32))
    np.testing.assert_allclose(softmax(found), [[0, 1]], atol=1e-9)


def test_a_single_number_becomes_two_classes() -> None:
    output = OutputSpec("out", "logits", 1)
    z = np.array([[2.0], [-3.0]], np.float32)
    assert output.n_classes == 2
    np.testing.assert_allclose(softmax(output.spread(z))[:, 1:], 1 / (1 + np.exp(-z)), rtol=1e-6)
