"""Uploaded networks explained: their gradients, and what happens where there are none."""

from typing import Any

import numpy as np
import onnx

from dashboard.attribution import METHODS
from dashboard.attribution.base import Question
from dashboard.attribution.params import compute_defaults
from dashboard.inference.sessions import OnnxModel
from dashboard.uploads.file import UploadedFile
from dashboard.uploads.model import UploadedModel
from dashboard.uploads.spec import NORMALIZATIONS, InputSpec, OutputSpec
from tests.dashboard.uploads.hostile import create_endless_loop
from tests.dashboard.uploads.networks import (
    CHANNELS,
    CLASSES,
    HEAD,
    SIDE,
    ZOO,
    Uploads,
    assert_slope,
    build,
    create_network,
    draw,
    load_photos,
    load_zoo_file,
    node,
    run_by_hand,
    value,
)


def test_score_gradient_and_layer(plain: UploadedModel) -> None:
    inputs, target = draw(6), np.arange(6) % CLASSES
    explained = plain.explain(inputs, target)
    logits = run_by_hand(inputs)
    np.testing.assert_allclose(explained.score, logits[np.arange(6), target], atol=1e-5)
    assert_slope(plain, explained, inputs, lambda x: run_by_hand(x)[np.arange(6), target])
    activation, gradient = explained.layers["features"]
    assert activation.shape == (6, CHANNELS, SIDE, SIDE)
    np.testing.assert_allclose(
        gradient, np.broadcast_to(HEAD.T[target, :, None, None] / SIDE**2, gradient.shape), 1e-5
    )


def test_a_contrast_is_the_difference_of_two_logits(plain: UploadedModel) -> None:
    inputs = draw(3)
    target, versus = np.array([0, 1, 2]), np.array([4, -1, 0])  # -1: against nothing
    explained = plain.explain(inputs, target, versus)
    logits = run_by_hand(inputs)
    expected = [logits[0, 0] - logits[0, 4], logits[1, 1], logits[2, 2] - logits[2, 0]]
    np.testing.assert_allclose(explained.score, expected, atol=1e-5)


def test_every_method_works_on_an_uploaded_network(plain: UploadedModel) -> None:
    question = Question(draw(1), target=2)
    for method in METHODS:
        assert method.is_compatible(plain) is None
        attribution = method.attribute(plain, question, compute_defaults(method.params))
        assert method.compute_heat(attribution).shape == (SIDE, SIDE)


def replace_features(kind: str, **attributes: Any) -> onnx.ModelProto:
    model = create_network()
    model.graph.node[1].CopyFrom(node(kind, ["before"], ["features"], **attributes))
    return model


def test_a_missing_operator_is_named_and_other_methods_work(upload: Uploads) -> None:
    model = upload(replace_features("Hardmax", axis=1))
    assert model.missing_operator is not None
    assert "Hardmax" in model.missing_operator
    assert not model.has_gradients
    reasons = {method.name: method.is_compatible(model) for method in METHODS}
    assert reasons["rise"] is reasons["occlusion"] is None
    assert reasons["saliency"] == "Saliency needs gradients, and this model has none."


def test_a_loop_predicts_and_has_no_gradient(upload: Uploads) -> None:
    model = upload(create_endless_loop(2), n_columns=3, side=8)
    assert model.missing_operator is not None
    assert "Loop" in model.missing_operator
    inputs = draw(2, 8)
    np.testing.assert_allclose(model.predict(inputs), 4 * inputs.mean(axis=(2, 3)), rtol=1e-4)


def test_lite0_uploaded_is_lite0_of_the_zoo(upload: Uploads) -> None:
    zoo = OnnxModel(ZOO / "efficientnet_lite0.imagenet", threads=1)
    file = UploadedFile(load_zoo_file().SerializeToString())
    spec = InputSpec("image", "NCHW", 3, 224, 224, NORMALIZATIONS[4])
    model = UploadedModel(file, spec, OutputSpec("logits", "logits", 1000), load_photos(1))
    inputs = spec.normalize(np.stack([spec.crop_view(photo) for photo in load_photos(2)]))
    expected = zoo.predict(inputs)
    np.testing.assert_allclose(model.predict(inputs), expected, atol=1e-3)
    assert model.has_gradients
    assert model.layers == ("features",)
    target = expected.argmax(axis=1)
    explained = model.explain(inputs, target)
    np.testing.assert_allclose(explained.logits, expected, atol=1e-3)
    activation, gradient = explained.layers["features"]
    # The head is linear in the mean of the features: score = mean(features) . weights + bias.
    slope = (activation * gradient).sum(axis=(1, 2, 3))
    shift = explained.score - slope
    assert np.abs(shift).max() < np.abs(explained.score).max()
    file.close()


def test_a_file_without_any_layer_still_works(upload: Uploads) -> None:
    nodes = [node("Flatten", ["image"], ["flat"]), node("MatMul", ["flat", "w"], ["out"])]
    weights = {"w": np.random.default_rng(0).normal(size=(192, CLASSES)).astype(np.float32)}
    shape = ["N", 3, 8, 8]
    model = build(nodes, [value("image", shape)], [value("out", ["N", CLASSES])], weights)
    built = upload(model, side=8)
    assert built.layers == ()
    explained = built.explain(draw(2, 8), np.array([1, 3]))
    expected = weights["w"].T[[1, 3]].reshape(2, 3, 8, 8)
    np.testing.assert_allclose(explained.gradient, expected, rtol=1e-5)
