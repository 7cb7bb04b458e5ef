"""Explainers, run by plain ONNX Runtime, against the page's own methods and against numpy."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from dashboard.attribution import get_method
from dashboard.attribution.base import Question
from dashboard.attribution.params import Params, compute_defaults
from dashboard.inference.preprocessing import preprocess
from dashboard.inference.samples import load_sample
from dashboard.inference.sessions import OnnxModel
from export.autodiff import UnsupportedGraph, differentiate
from export.autodiff.deploy import (
    METHODS,
    Explainer,
    Options,
    create_explainer,
    write_explainer,
)
from export.autodiff.deploy.check import BOUND, compare_to_definition
from export.autodiff.deploy.smoothgrad import draw_noise
from tests.export.autodiff.page_model import PageModel
from tests.export.autodiff.tiny_graphs import classifier, images, open_session, relative

SMOOTH = (
    "c = Conv <pads = [1,1,1,1], strides = [2,2]> (image, w) features = Tanh(c) "
    "p = GlobalAveragePool(features) f = Flatten(p) s = Sigmoid(f) y = Gemm(s, v)"
)
WEIGHTS = {"w": (4, 2, 3, 3), "v": (4, 5)}
DENSE = {"w": (72, 4), "v": (4, 5)}
LITE0 = Path(__file__).parents[3] / "models" / "zoo" / "efficientnet_lite0.imagenet"
# ReLU6 has kinks: a unit on the other side of one passes its whole gradient or none.
LITE0_BOUND = 1e-2


@pytest.fixture
def model() -> onnx.ModelProto:
    return classifier(SMOOTH, WEIGHTS)


def explain(
    explainer: Explainer, image: np.ndarray, target: Any, **more: Any
) -> tuple[np.ndarray, np.ndarray]:
    """Return logits and attributions."""
    feeds = {explainer.gradient.image: image, "target": np.asarray(target, np.int64), **more}
    logits, attributions = open_session(explainer.model).run(["logits", "attributions"], feeds)
    return logits, attributions


@pytest.mark.parametrize("versus", [None, 2])
@pytest.mark.parametrize(
    ("method", "options", "params"),
    [
        ("saliency", Options(), {}),
        ("input_x_gradient", Options(), {}),
        ("integrated_gradients", Options(n_steps=12), {"n_steps": 12, "fill": "grey"}),
        (
            "integrated_gradients",
            Options(n_steps=9, baseline=-1.0),
            {"n_steps": 9, "fill": "black"},
        ),
        ("smoothgrad", Options(n_samples=3, noise=0.0), {"n_samples": 3, "noise": 0.0}),
        ("masked_gradients", Options(n_masks=16), {"n_masks": 16}),
        ("grad_cam", Options(), {}),
    ],
)
def test_a_smooth_network_gives_the_pages_map(
    method: str, options: Options, params: Params, versus: int | None, model: onnx.ModelProto
) -> None:
    page = PageModel(differentiate(model, wrt=["features"]), (2, 6, 6), ("features",))
    image = images(1, 2, 6, 6)
    expected = get_method(method).attribute(page, Question(image, 1, versus), params).attributions
    more = {} if versus is None else {"versus": np.array([versus])}
    explainer = create_explainer(model, method, options)
    logits, attributions = explain(explainer, image, [1], **more)
    assert attributions.shape == expected.shape
    assert relative(attributions, expected) <= 1e-5
    np.testing.assert_allclose(logits, page.predict(image), rtol=1e-6)


@pytest.mark.parametrize(
    "method", ["saliency", "integrated_gradients", "smoothgrad", "masked_gradients", "grad_cam"]
)
def test_efficientnet_lite0_gives_the_pages_map(method: str) -> None:
    page = OnnxModel(LITE0, threads=1)
    black, white = page.input_range
    grey = float((black + 0.5 * (white - black)).mean())
    quick: Params = {
        "integrated_gradients": {"n_steps": 10},
        "smoothgrad": {"n_samples": 2, "noise": 0.0},
        "masked_gradients": {"n_masks": 16},
    }.get(method, {})
    image = preprocess(load_sample("rocket").pixels, page.card)
    target = int(page.predict(image)[0].argmax())
    params = {**compute_defaults(get_method(method).params), **quick}
    expected = get_method(method).attribute(page, Question(image, target), params).attributions
    explainer = create_explainer(
        onnx.load(LITE0 / "predict.onnx", load_external_data=False),
        method,
        Options(n_steps=10, n_samples=2, noise=0.0, baseline=grey, n_masks=16),
        folder=str(LITE0),
    )
    logits, attributions = explain(explainer, image, [target])
    assert explainer.options.layer in (None, "features")
    assert relative(attributions, expected) <= LITE0_BOUND
    np.testing.assert_allclose(logits, page.predict(image), atol=1e-4)


@pytest.mark.parametrize("method", METHODS)
def test_each_image_of_a_batch_is_explained_for_itself(method: str, model: onnx.ModelProto) -> None:
    explainer = create_explainer(model, method, Options(n_steps=4, n_samples=3))
    image, target = images(7, 2, 6, 6), np.arange(7) % 5
    logits, attributions = explain(explainer, image, target)
    for first, last in ((0, 1), (1, 4)):
        part = slice(first, last)
        some_logits, some = explain(explainer, image[part], target[part])
        np.testing.assert_allclose(some_logits, logits[part], rtol=1e-5, atol=1e-6)
        assert relative(some, attributions[part]) <= 1e-5
    channels = 1 if method == "grad_cam" else 2
    assert attributions.shape == (7, channels, 6, 6)


@pytest.mark.parametrize("method", METHODS)
def test_the_declared_shapes_are_those_of_the_results(method: str, model: onnx.ModelProto) -> None:
    session = open_session(create_explainer(model, method).model)
    channels = 1 if method == "grad_cam" else 2
    declared = {o.name: o.shape for o in session.get_outputs()}
    assert declared == {"logits": ["N", 5], "attributions": ["N", channels, 6, 6]}
    assert [i.name for i in session.get_inputs()] == ["image", "target"]


@pytest.mark.parametrize("method", METHODS)
def test_every_method_has_a_definition_and_follows_it(method: str, model: onnx.ModelProto) -> None:
    assert compare_to_definition(create_explainer(model, method, Options(baseline=0.5))) <= BOUND


def test_a_wrong_method_is_found_out(
    model: onnx.ModelProto, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(METHODS, "saliency", METHODS["input_x_gradient"])  # type: ignore[arg-type]
    assert compare_to_definition(create_explainer(model, "saliency")) > 0.1


def test_integrated_gradients_add_up_to_the_difference_of_the_scores(
    model: onnx.ModelProto,
) -> None:
    explainer = create_explainer(model, "integrated_gradients", Options(n_steps=20))
    image = images(3, 2, 6, 6)
    target = np.array([0, 1, 4])
    logits, attributions = explain(explainer, image, target)
    blank, _ = explain(explainer, np.zeros_like(image), target)
    rows = np.arange(3)
    difference = logits[rows, target] - blank[rows, target]
    np.testing.assert_allclose(attributions.sum(axis=(1, 2, 3)), difference, atol=1e-6)


@pytest.mark.parametrize("shape", [(1, 1, 1, 1), (1, 2, 1, 1), (1, 2, 6, 6), (3, 2, 6, 6)])
def test_a_baseline_may_be_given_with_the_image(
    shape: tuple[int, ...], model: onnx.ModelProto
) -> None:
    image = images(3, 2, 6, 6)
    written = create_explainer(model, "integrated_gradients", Options(n_steps=4, baseline=0.25))
    given = create_explainer(model, "integrated_gradients", Options(n_steps=4))
    _, expected = explain(written, image, [1, 2, 3])
    baseline = np.full(shape, 0.25, np.float32)
    _, attributions = explain(given, image, [1, 2, 3], baseline=baseline)
    np.testing.assert_array_equal(attributions, expected)


def test_optional_inputs_may_be_made_required(model: onnx.ModelProto) -> None:
    required = Options(n_steps=4, required=("versus", "baseline"))
    strict = create_explainer(model, "integrated_gradients", required)
    names = [i.name for i in open_session(strict.model).get_inputs()]
    assert names == ["image", "target", "versus", "baseline"]
    image = images(1, 2, 6, 6)
    more = {"versus": np.array([3]), "baseline": np.full((1, 1, 1, 1), 0.5, np.float32)}
    free = create_explainer(model, "integrated_gradients", Options(n_steps=4))
    _, expected = explain(free, image, [1], **more)
    np.testing.assert_array_equal(explain(strict, image, [1], **more)[1], expected)
    assert compare_to_definition(strict) <= BOUND


def test_smoothgrad_is_the_mean_over_its_noise(model: onnx.ModelProto) -> None:
    options = Options(n_samples=5, noise=0.4, seed=3)
    page = PageModel(differentiate(model), (2, 6, 6))
    image = images(2, 2, 6, 6)
    row, starts = draw_noise(image[0].size, options)
    assert len(set(starts)) == options.n_samples
    copies = [image + row[s : s + image[0].size].reshape(image[0].shape) for s in starts]
    target = np.array([1, 3])
    gradients = [page.explain(copy, target).gradient for copy in copies]
    _, attributions = explain(create_explainer(model, "smoothgrad", options), image, target)
    assert relative(attributions, np.abs(np.mean(gradients, axis=0))) <= 1e-5


def test_smoothgrads_noise_follows_its_seed() -> None:
    one, again = draw_noise(50_000, Options(noise=0.4)), draw_noise(50_000, Options(noise=0.4))
    np.testing.assert_array_equal(one[0], again[0])
    np.testing.assert_array_equal(one[1], again[1])
    assert not np.array_equal(one[0], draw_noise(50_000, Options(noise=0.4, seed=1))[0])
    assert abs(one[0].std() - 0.4) < 0.01
    assert abs(one[0].mean()) < 0.01


def test_more_copies_than_pixels(model: onnx.ModelProto) -> None:
    explainer = create_explainer(model, "smoothgrad", Options(n_samples=100, noise=0.0))
    image = images(1, 2, 6, 6)
    _, saliency = explain(create_explainer(model, "saliency"), image, [1])
    assert relative(explain(explainer, image, [1])[1], saliency) <= 1e-5


def test_grad_cam_looks_at_the_layer_that_is_named(model: onnx.ModelProto) -> None:
    assert create_explainer(model, "grad_cam").options.layer == "features"
    named = create_explainer(model, "grad_cam", Options(layer="c"))
    assert compare_to_definition(named) <= BOUND


def test_channels_may_come_last() -> None:
    turned = classifier(
        "turned = Transpose <perm = [0, 3, 1, 2]> (photo) " + SMOOTH.replace("image", "turned"),
        WEIGHTS,
        image="float[N,6,8,2] photo",
    )
    photo = images(2, 6, 8, 2)
    _, saliency = explain(create_explainer(turned, "saliency"), photo, [1, 2])
    _, grad_cam = explain(create_explainer(turned, "grad_cam"), photo, [1, 2])
    assert saliency.shape == photo.shape
    assert grad_cam.shape == (2, 1, 6, 8)
    assert compare_to_definition(create_explainer(turned, "masked_gradients")) <= BOUND


@pytest.mark.parametrize("method", METHODS)
def test_the_weights_are_there_once(method: str) -> None:
    network = onnx.load(LITE0 / "predict.onnx", load_external_data=False)
    explainer = create_explainer(network, method, Options(n_samples=2), folder=str(LITE0))
    weights = (LITE0 / "weights.bin").stat().st_size
    # SmoothGrad's row of noise; the levels of 65 fills, and three blurs and a mean along two sides.
    levels, matrices = 65 * 3 * 28 * 28, 4 * 2 * 224 * 224
    drawn = {"smoothgrad": 2 * 3 * 224 * 224, "masked_gradients": levels + matrices}
    assert explainer.model.ByteSize() - 4 * drawn.get(method, 0) <= 1.02 * weights


@pytest.mark.parametrize("method", ["saliency", "integrated_gradients"])
def test_weights_that_do_not_fit_in_one_file_lie_beside_it(
    method: str, model: onnx.ModelProto, tmp_path: Path
) -> None:
    image = images(1, 2, 6, 6)
    model.graph.initializer[0].CopyFrom(  # large enough for onnx to move it out
        onnx.numpy_helper.from_array(images(64, 2, 3, 3), "w")
    )
    model.graph.initializer[1].CopyFrom(onnx.numpy_helper.from_array(images(64, 5), "v"))
    explainer = create_explainer(model, method)
    _, expected = explain(explainer, image, [1])
    write_explainer(explainer, tmp_path / "one.onnx")
    assert [path.name for path in tmp_path.iterdir()] == ["one.onnx"]
    for _ in range(2):  # writing anew replaces the weights
        write_explainer(create_explainer(model, method), tmp_path / "two.onnx", limit=1000)
    beside = tmp_path / "two.onnx.weights"
    assert 0 < beside.stat().st_size < 10_000
    for name in ("one.onnx", "two.onnx"):
        session = open_session(str(tmp_path / name))
        feeds = {"image": image, "target": np.array([1])}
        np.testing.assert_allclose(session.run(["attributions"], feeds)[0], expected, rtol=1e-6)


def test_an_external_file_of_weights_is_taken_in(model: onnx.ModelProto, tmp_path: Path) -> None:
    whole = create_explainer(model, "integrated_gradients")
    onnx.save_model(
        model,
        tmp_path / "predict.onnx",
        save_as_external_data=True,
        location="weights.bin",
        size_threshold=0,
    )
    read = onnx.load(tmp_path / "predict.onnx", load_external_data=False)
    taken = create_explainer(read, "integrated_gradients", folder=str(tmp_path))
    image = images(1, 2, 6, 6)
    np.testing.assert_array_equal(explain(whole, image, [1])[1], explain(taken, image, [1])[1])


@pytest.mark.parametrize(
    ("method", "options", "reason"),
    [
        ("occlusion", Options(), "there is no method 'occlusion'"),
        ("integrated_gradients", Options(n_steps=0), "need a step"),
        ("smoothgrad", Options(n_samples=0), "needs a copy"),
        ("smoothgrad", Options(noise=-1.0), "at least 0"),
        ("saliency", Options(required=("baseline",)), "not optional inputs"),
        ("grad_cam", Options(layer="f"), "not a layer"),
        ("grad_cam", Options(layer="nothing"), "not a tensor"),
    ],
)
def test_what_cannot_be_is_refused_with_its_reason(
    method: str, options: Options, reason: str, model: onnx.ModelProto
) -> None:
    with pytest.raises(UnsupportedGraph, match=reason):
        create_explainer(model, method, options)


def test_a_network_without_convolutions_has_no_grad_cam() -> None:
    dense = classifier("f = Flatten(image) h = Gemm(f, w) t = Tanh(h) y = Gemm(t, v)", DENSE)
    with pytest.raises(UnsupportedGraph, match="no convolutional layer"):
        create_explainer(dense, "grad_cam")


def test_names_of_the_explainer_are_refused_in_the_model() -> None:
    taken = classifier(SMOOTH.replace("f = ", "baseline = ").replace("(f)", "(baseline)"), WEIGHTS)
    with pytest.raises(UnsupportedGraph, match="baseline"):
        create_explainer(taken, "saliency")
