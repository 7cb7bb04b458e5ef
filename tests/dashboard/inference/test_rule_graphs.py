"""Backward passes by other rules on networks of the zoo: made on first use, from its own files."""

from pathlib import Path

import numpy as np
import onnx
import pytest

from dashboard.inference.rule_graphs import build_rule_graph
from dashboard.inference.sessions import OnnxModel
from dashboard.inference.weights import read_weights
from dashboard.limits.randomisation import shuffle_weights
from export.autodiff.deploy import create_explainer
from tests.export.autodiff.tiny_graphs import images, open_session

CNN = Path("models/zoo/cnn.fashion_mnist")


@pytest.fixture(scope="module")
def model() -> OnnxModel:
    return OnnxModel(CNN, threads=1)


@pytest.mark.parametrize("rules", ["guided_backprop", "deeplift", "lrp"])
def test_the_page_gets_what_is_shipped(rules: str, model: OnnxModel) -> None:
    inputs, target = images(9, 1, 28, 28), np.arange(9)  # more than one chunk
    network = onnx.load(CNN / "predict.onnx", load_external_data=False)
    shipped = open_session(create_explainer(network, rules, folder=str(CNN)).model)
    feeds = {"image": inputs, "target": target}
    expected = shipped.run(["attributions"], feeds)[0]
    found = model.propagate(rules, inputs, target)  # type: ignore[arg-type]
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)
    one = model.propagate(rules, inputs[:1], target[:1], np.array([5]))  # type: ignore[arg-type]
    against = shipped.run(
        ["attributions"], {"image": inputs[:1], "target": target[:1], "versus": np.array([5])}
    )[0]
    np.testing.assert_allclose(one, against, rtol=1e-4, atol=1e-6)


def test_a_baseline_may_have_any_shape_that_fits(model: OnnxModel) -> None:
    inputs, target = images(2, 1, 28, 28), np.array([1, 2])
    same = [
        model.propagate("deeplift", inputs, target, baseline=np.full(shape, 0.5, np.float32))
        for shape in ((1,), (1, 28, 28), (2, 1, 28, 28))
    ]
    np.testing.assert_array_equal(same[0], same[1])
    np.testing.assert_array_equal(same[0], same[2])


def test_the_rules_follow_shuffled_weights(model: OnnxModel) -> None:
    weights = read_weights(CNN)
    inputs, target = images(1, 1, 28, 28), np.array([3])
    blank = np.zeros_like(inputs)
    other = OnnxModel(CNN, threads=1, weights=shuffle_weights(weights, tuple(weights), 0))
    found = other.propagate("deeplift", inputs, target, baseline=blank)
    change = other.predict(np.concatenate([inputs, blank]))[:, 3]
    assert found.sum() == pytest.approx(float(change[0] - change[1]), rel=1e-3)
    assert not np.allclose(found, model.propagate("deeplift", inputs, target), atol=1e-2)


def test_a_graph_is_built_once_and_holds_no_weights(model: OnnxModel) -> None:
    files, name = model.card.files, model.card.output.name
    one = build_rule_graph(CNN / "predict.onnx", files["predict.onnx"], "lrp", name)
    assert build_rule_graph(CNN / "predict.onnx", files["predict.onnx"], "lrp", name) is one
    assert one.ByteSize() < 200_000 < (CNN / "weights.bin").stat().st_size


def test_without_a_gradient_graph_there_are_no_other_rules() -> None:
    model = OnnxModel(CNN, threads=1)
    model.card.files.pop("explain.onnx")  # type: ignore[attr-defined]
    with pytest.raises(RuntimeError, match="no gradient graph"):
        model.propagate("lrp", images(1, 1, 28, 28), np.array([0]))
