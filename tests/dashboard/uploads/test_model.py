"""Uploaded networks as models: what they answer is what the network says."""

import numpy as np
import pytest
from onnx import TensorProto, helper

from dashboard.uploads.model import UploadedModel
from dashboard.uploads.spec import Kind
from tests.dashboard.uploads.networks import (
    CHANNELS,
    SIDE,
    Uploads,
    assert_slope,
    create_network,
    draw,
    node,
    run_by_hand,
    softmax,
)


def test_what_a_model_says_of_itself(plain: UploadedModel) -> None:
    assert plain.input_shape == (3, SIDE, SIDE)
    assert plain.has_gradients
    assert plain.missing_operator is None
    assert plain.layers == ("features",)
    assert plain.provider == "CPU, 1 thread, in a sandbox"
    black, white = plain.input_range
    assert (black == 0).all() and (white == 1).all()


@pytest.mark.parametrize("count", [1, 7, 8, 9, 33])
def test_logits_are_the_network_s_however_many_chunks(plain: UploadedModel, count: int) -> None:
    inputs = draw(count)
    logits = plain.predict(inputs)
    assert logits.dtype == np.float32
    np.testing.assert_allclose(logits, run_by_hand(inputs), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("batch", [1, 4])
def test_a_fixed_batch_takes_any_number_all_the_same(upload: Uploads, batch: int) -> None:
    model = upload(create_network(batch=batch))
    inputs = draw(7)
    np.testing.assert_allclose(model.predict(inputs), run_by_hand(inputs), rtol=1e-4, atol=1e-5)
    explained = model.explain(inputs, np.zeros(7, np.int64))
    np.testing.assert_allclose(explained.logits, run_by_hand(inputs), rtol=1e-4, atol=1e-5)


def test_a_batch_that_is_open_only_on_paper_runs_one_by_one(upload: Uploads) -> None:
    model = create_network()
    model.graph.node[3].CopyFrom(node("Reshape", ["pooled", "baked"], ["flat"]))
    baked = helper.make_tensor("baked", TensorProto.INT64, [2], [1, CHANNELS])
    model.graph.initializer.append(baked)
    inputs = draw(5)
    found = upload(model).predict(inputs)
    np.testing.assert_allclose(found, run_by_hand(inputs), rtol=1e-4, atol=1e-5)


def test_channels_last(upload: Uploads) -> None:
    model = upload(create_network(layout="NHWC"), layout="NHWC")
    inputs, target = draw(5), np.arange(5)
    np.testing.assert_allclose(model.predict(inputs), run_by_hand(inputs), rtol=1e-4, atol=1e-5)
    explained = model.explain(inputs, target)
    assert explained.gradient.shape == inputs.shape
    assert_slope(model, explained, inputs, lambda x: run_by_hand(x)[np.arange(5), target])


@pytest.mark.parametrize("side", ["H", 24])
def test_an_open_size_takes_the_one_that_is_chosen(upload: Uploads, side: int | str) -> None:
    model = upload(create_network(side=side), side=24)
    assert model.has_gradients
    inputs = draw(2, 24)
    np.testing.assert_allclose(model.predict(inputs), run_by_hand(inputs), rtol=1e-4, atol=1e-5)
    assert model.explain(inputs, np.array([0, 1])).gradient.shape == (2, 3, 24, 24)


@pytest.mark.parametrize("kind", [TensorProto.FLOAT16, TensorProto.DOUBLE])
def test_other_precisions(upload: Uploads, kind: int) -> None:
    model = upload(create_network(kind=kind))
    inputs = draw(3)
    np.testing.assert_allclose(model.predict(inputs), run_by_hand(inputs), atol=5e-3)
    assert model.file.inspection.was_converted
    assert_slope(
        model,
        model.explain(inputs, np.array([0, 1, 2])),
        inputs,
        lambda x: run_by_hand(x)[np.arange(3), np.arange(3)],
    )


def test_whole_numbers_as_input_predict_and_have_no_gradient(upload: Uploads) -> None:
    model = upload(create_network(kind=TensorProto.UINT8))
    inputs = np.random.default_rng(0).integers(256, size=(2, 3, SIDE, SIDE)).astype(np.float32)
    np.testing.assert_allclose(model.predict(inputs), run_by_hand(inputs), rtol=1e-4)
    assert not model.has_gradients
    with pytest.raises(RuntimeError, match="has no gradients"):
        model.explain(inputs, np.array([0, 1]))


def test_a_softmax_over_all_axes_but_the_batch(upload: Uploads) -> None:
    model = create_network("Softmax")  # so it is in operator sets before 13
    model.opset_import[0].version = 11
    built = upload(model, "probabilities")
    inputs = draw(3)
    np.testing.assert_allclose(built.predict(inputs), run_by_hand(inputs), atol=1e-4)
    assert built.layers == ("features",)


@pytest.mark.parametrize(
    ("tail", "kind"), [("Softmax", "probabilities"), ("LogSoftmax", "log_probabilities")]
)
def test_softmax_is_not_applied_twice(upload: Uploads, tail: str, kind: Kind) -> None:
    model = upload(create_network(tail), kind)
    inputs, target = draw(4), np.array([0, 1, 2, 3])
    logits = model.predict(inputs)
    np.testing.assert_allclose(softmax(logits), softmax(run_by_hand(inputs)), atol=1e-5)
    np.testing.assert_allclose(logits, run_by_hand(inputs), atol=1e-4)  # differentiated before it
    explained = model.explain(inputs, target)
    assert_slope(model, explained, inputs, lambda x: run_by_hand(x)[np.arange(4), target])


def test_probabilities_without_a_softmax_to_step_before(upload: Uploads) -> None:
    model = create_network()
    model.graph.node[-1].CopyFrom(node("Exp", ["scores"], ["powers"]))
    model.graph.node.append(node("ReduceSum", ["powers", "axis"], ["sum"]))
    model.graph.node.append(node("Div", ["powers", "sum"], ["out"]))
    model.graph.initializer.append(helper.make_tensor("axis", TensorProto.INT64, [1], [1]))
    built = upload(model, "probabilities")
    inputs, target = draw(3), np.array([0, 1, 2])
    expected = np.log(softmax(run_by_hand(inputs)))
    np.testing.assert_allclose(built.predict(inputs), expected, atol=1e-4)
    assert_slope(
        built,
        built.explain(inputs, target),
        inputs,
        lambda x: np.log(softmax(run_by_hand(x)))[np.arange(3), target],
    )


@pytest.mark.parametrize("tail", ["Sigmoid", "Softmax"])
def test_without_gradients_the_answers_are_the_same(upload: Uploads, tail: str) -> None:
    model = create_network(tail, kind=TensorProto.UINT8)  # whole numbers have no derivative
    built = upload(model, "probabilities" if tail == "Softmax" else "independent")
    assert not built.has_gradients
    inputs = np.random.default_rng(0).integers(2, size=(3, 3, SIDE, SIDE)).astype(np.float32)
    logits, expected = built.predict(inputs), run_by_hand(inputs)
    if tail == "Softmax":
        expected = np.log(softmax(expected))
    np.testing.assert_allclose(logits, expected, rtol=1e-3, atol=1e-4)


def test_independent_probabilities_are_explained_before_their_sigmoid(upload: Uploads) -> None:
    model = upload(create_network("Sigmoid"), "independent")
    inputs, target = draw(3), np.array([4, 1, 0])
    np.testing.assert_allclose(model.predict(inputs), run_by_hand(inputs), rtol=1e-3, atol=1e-4)
    assert_slope(
        model,
        model.explain(inputs, target),
        inputs,
        lambda x: run_by_hand(x)[np.arange(3), target],
    )


def test_a_single_number_stands_for_two_classes(upload: Uploads) -> None:
    model = upload(create_network("Sigmoid", n_columns=1), "independent", 1)
    assert model.output.n_classes == 2
    inputs, target = draw(4), np.array([0, 1, 0, 1])
    z = run_by_hand(inputs, 1)
    np.testing.assert_allclose(softmax(model.predict(inputs))[:, 1:], 1 / (1 + np.exp(-z)), 1e-4)
    explained = model.explain(inputs, target)
    sign = target - 0.5
    np.testing.assert_allclose(explained.score, sign * z[:, 0], rtol=1e-3, atol=1e-5)
    against = model.explain(inputs, target, 1 - target)
    np.testing.assert_allclose(against.score, 2 * explained.score, rtol=1e-5)
    np.testing.assert_allclose(against.gradient, 2 * explained.gradient, rtol=1e-5)
    slopes = run_by_hand(inputs + 1e-2 * explained.gradient, 1)[:, 0] - z[:, 0]
    assert (np.sign(slopes) == np.sign(sign)).all()
