"""Guided Backprop, DeepLIFT and LRP on uploaded networks: the same tables, in the sandbox."""

from typing import Any

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from dashboard.attribution import get_method
from dashboard.attribution.base import Question
from dashboard.inference.model import BackwardRules
from dashboard.uploads.model import UploadedModel
from dashboard.uploads.sandbox_wire import UploadError
from dashboard.uploads.twin import UploadTwin
from tests.dashboard.uploads.networks import (
    SIDE,
    Uploads,
    create_network,
    draw,
    node,
    run_by_hand,
)
from tests.export.autodiff.torch_rules import carry

ALL_RULES: tuple[BackwardRules, ...] = ("guided_backprop", "deeplift", "lrp")
BLANK = 0.25
every_table = pytest.mark.parametrize("rules", ALL_RULES)


def write_out(model: onnx.ModelProto, rules: str, inputs: Any, target: Any) -> Any:
    return carry(model, rules, inputs, list(target), baseline=BLANK, output="scores")


def propagate(model: UploadedModel, rules: BackwardRules, inputs: Any, target: Any) -> Any:
    blank = np.full((1, 1, 1, 1), BLANK, np.float32) if rules == "deeplift" else None
    return model.propagate(rules, inputs, np.asarray(target), baseline=blank)


@every_table
def test_the_rules_are_those_written_out(plain: UploadedModel, rules: BackwardRules) -> None:
    inputs, target = draw(6), np.arange(6) % 5  # more than one chunk
    expected = write_out(create_network(), rules, inputs, target)
    np.testing.assert_allclose(
        propagate(plain, rules, inputs, target), expected, rtol=1e-3, atol=1e-6
    )


@every_table
def test_channels_may_come_last(upload: Uploads, rules: BackwardRules) -> None:
    model = upload(create_network(layout="NHWC"), layout="NHWC")
    inputs, target = draw(2), np.array([1, 3])
    expected = write_out(create_network(), rules, inputs, target)
    np.testing.assert_allclose(
        propagate(model, rules, inputs, target), expected, rtol=1e-3, atol=1e-6
    )


@every_table
@pytest.mark.parametrize(
    ("tail", "kind"), [("Softmax", "probabilities"), ("Sigmoid", "independent")]
)
def test_probabilities_are_explained_before_their_last_step(
    upload: Uploads, tail: str, kind: Any, rules: BackwardRules
) -> None:
    model = upload(create_network(tail), kind)
    inputs, target = draw(2), np.array([1, 3])
    expected = write_out(create_network(), rules, inputs, target)
    np.testing.assert_allclose(
        propagate(model, rules, inputs, target), expected, rtol=1e-3, atol=1e-6
    )


@every_table
def test_one_number_speaks_for_two_classes(upload: Uploads, rules: BackwardRules) -> None:
    """Against the class is not for it with the sign turned: ReLUs guide -z/2 by themselves."""
    model = upload(create_network("Sigmoid", n_columns=1), "independent", 1)
    inputs = draw(1)
    for target, sign in ((1, 0.5), (0, -0.5)):
        network = create_network(n_columns=1)
        head = next(w for w in network.graph.initializer if w.name == "head")
        turned = numpy_helper.to_array(head) * np.float32(sign)
        head.CopyFrom(numpy_helper.from_array(turned, "head"))
        expected = write_out(network, rules, inputs, [0])
        found = propagate(model, rules, inputs, [target])
        np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-6)


def test_deeplift_adds_up_on_an_uploaded_network(plain: UploadedModel) -> None:
    inputs = draw(1)
    result = get_method("deeplift").attribute(plain, Question(inputs, 2), {"fill": "black"})
    assert result.convergence_delta == pytest.approx(0, abs=1e-5)
    blank = np.zeros_like(inputs)
    change = run_by_hand(inputs)[0, 2] - run_by_hand(blank)[0, 2]
    assert result.score_difference == pytest.approx(change, abs=1e-4)


def test_a_layer_without_a_rule_is_named_and_the_network_goes_on(upload: Uploads) -> None:
    network = create_network()
    network.graph.node[1].CopyFrom(node("Softmax", ["before"], ["features"], axis=1))
    model = upload(network)
    question = Question(draw(1), 2)
    for _ in range(2):  # asked again, the answer is the same
        with pytest.raises(UploadError, match="not attention's"):
            get_method("lrp").attribute(model, question, {})
    assert get_method("saliency").attribute(model, question, {}).attributions.any()
    assert get_method("deeplift").attribute(model, question, {"fill": "grey"}).attributions.any()


def test_a_network_without_gradients_has_no_other_rules(upload: Uploads) -> None:
    network = create_network()
    network.graph.node[1].CopyFrom(node("Hardmax", ["before"], ["features"], axis=1))
    model = upload(network)
    with pytest.raises(RuntimeError, match="Hardmax"):
        model.propagate("lrp", draw(1), np.array([0]))
    assert get_method("lrp").is_compatible(model) is not None


def test_the_graph_is_made_again_for_a_new_process(plain: UploadedModel) -> None:
    inputs = draw(1)
    before = propagate(plain, "lrp", inputs, [1])
    plain.file.sandbox._holdings.end_process()
    np.testing.assert_array_equal(propagate(plain, "lrp", inputs, [1]), before)


def test_shuffled_weights_have_rules_too(plain: UploadedModel) -> None:
    photo = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
    inputs = draw(1)
    before = propagate(plain, "guided_backprop", inputs, [1])
    with UploadTwin(plain, photo) as twin:
        whole = twin.shuffle((), 4)
        np.testing.assert_array_equal(propagate(whole, "guided_backprop", inputs, [1]), before)
        other = twin.shuffle(("head",), 4)
        assert not np.allclose(propagate(other, "guided_backprop", inputs, [1]), before, rtol=0.1)
