"""The pass as a whole: what comes out, what is done to the graph first, what is refused."""

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from export.autodiff import (
    differentiate,
)
from export.autodiff.check import compare
from tests.export.autodiff.tiny_graphs import (
    CONV,
    NET,
    WEIGHTS,
    classifier,
    images,
    net,
    open_session,
    relative,
    run,
)

# --- What comes out -----------------------------------------------------------------------------


def test_outputs_and_inputs_have_their_names_order_and_symbolic_batch() -> None:
    found = differentiate(net(), wrt=["r"])
    onnx.checker.check_model(found.model, full_check=True)
    assert [o.name for o in found.model.graph.output] == [
        "logits",
        "score",
        "gradient",
        "r",
        "gradient/r",
    ]
    declared = {
        v.name: [d.dim_param or d.dim_value for d in v.type.tensor_type.shape.dim]
        for v in (*found.model.graph.input, *found.model.graph.output)
    }
    assert declared["image"] == declared["gradient"] == ["N", 2, 6, 6]
    assert (declared["target"], declared["score"]) == (["N"], ["N"])
    assert declared["gradient/r"] == ["N", 4, 6, 6]
    assert [i.name for i in open_session(found.model).get_inputs()] == ["image", "target"]
    assert (found.image, found.logits, found.at_logits) == ("image", "y", False)
    assert found.operators == {
        "Conv": 1,
        "Relu": 1,
        "GlobalAveragePool": 1,
        "Flatten": 1,
        "Gemm": 1,
    }


def test_every_tensor_has_a_shape() -> None:
    graph = differentiate(net()).model.graph
    known = {v.name for v in (*graph.value_info, *graph.output)}
    assert {o for node in graph.node for o in node.output} <= known


def test_a_linear_model_has_its_weights_for_gradient() -> None:
    model = classifier("f = Flatten(image) y = Gemm(f, v)", {"v": (72, 5)})
    weight = numpy_helper.to_array(model.graph.initializer[0])
    result = run(differentiate(model), images(3, 2, 6, 6), [0, 4, 2])
    np.testing.assert_array_equal(result["gradient"].reshape(3, 72), weight[:, [0, 4, 2]].T)
    np.testing.assert_array_equal(result["score"], result["logits"][[0, 1, 2], [0, 4, 2]])


@pytest.mark.parametrize("batch", [1, 3, 7])
def test_each_sample_has_its_own_gradient_at_every_batch_size(batch: int) -> None:
    found, x = differentiate(net()), images(batch, 2, 6, 6)
    target = np.arange(batch) % 5
    together = run(found, x, target)["gradient"]
    for n in range(batch):
        alone = run(found, x[n : n + 1], target[n : n + 1])["gradient"]
        assert relative(together[n : n + 1], alone) < 1e-6


def test_agrees_with_finite_differences() -> None:
    agreement = compare(differentiate(net()))
    assert agreement.error < 1e-8
    assert agreement.leak == 0.0
    assert agreement.holds


def test_a_wrong_rule_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    from export.autodiff import rules

    monkeypatch.setitem(rules.RULES, "Relu", lambda b, node, grad: [grad])
    agreement = compare(differentiate(net()))
    assert agreement.error > 1e-3
    assert not agreement.holds


def test_versus_takes_the_difference_of_two_classes() -> None:
    found, x = differentiate(net()), images(2, 2, 6, 6)
    plus, minus = run(found, x, [1, 2]), run(found, x, [3, 0])
    both = run(found, x, [1, 2], versus=[3, 0])
    np.testing.assert_allclose(both["score"], plus["score"] - minus["score"], rtol=1e-5)
    assert relative(both["gradient"], plus["gradient"] - minus["gradient"]) < 1e-5
    same = run(found, x, [1, 2], versus=[-1])
    np.testing.assert_array_equal(same["gradient"], plus["gradient"])


def test_one_class_may_be_versus_for_all_samples() -> None:
    found, x = differentiate(net()), images(3, 2, 6, 6)
    for_all = run(found, x, [1, 2, 0], versus=[4])
    each = run(found, x, [1, 2, 0], versus=[4, 4, 4])
    np.testing.assert_array_equal(for_all["gradient"], each["gradient"])


def test_gradient_of_an_inner_tensor_leads_to_the_image_gradient() -> None:
    """Chain rule by hand: the mean's gradient is 1/36 of its channel's weight."""
    model = net()
    weight = numpy_helper.to_array(model.graph.initializer[1])
    result = run(differentiate(model, wrt=["r"]), images(1, 2, 6, 6), [2])
    expected = np.broadcast_to(weight[:, 2].reshape(1, 4, 1, 1) / 36, (1, 4, 6, 6))
    np.testing.assert_allclose(result["gradient/r"], expected, rtol=1e-6)


def test_a_tensor_read_twice_gets_the_sum() -> None:
    twice = classifier(
        "f = Flatten(image) s = Add(f, f) t = Mul(s, f) y = Gemm(t, v)", {"v": (72, 3)}
    )
    x = images(1, 2, 6, 6)
    weight = numpy_helper.to_array(twice.graph.initializer[0])
    result = run(differentiate(twice), x, [1])["gradient"]
    np.testing.assert_allclose(result.ravel(), 4 * x.ravel() * weight[:, 1], rtol=1e-5)


@pytest.mark.parametrize("name", ["logits", "gradient", "score"])
def test_tensors_that_bear_our_names_make_way(name: str) -> None:
    model = classifier(NET.replace("y =", f"{name} ="), WEIGHTS, output=f"float[N,k] {name}")
    found, x = differentiate(model), images(2, 2, 6, 6)
    assert found.logits == name
    expected = run(differentiate(net()), x, [0, 1])
    for key, value in run(found, x, [0, 1]).items():
        np.testing.assert_array_equal(value, expected[key])
    assert differentiate(model, score=name).logits == name


def test_the_model_given_is_not_changed() -> None:
    model = classifier(
        "p = Pad(image, pads) c = Conv(p, w) r = Relu(c) s = Reshape(r, shape) y = Gemm(s, v)",
        {"pads": np.array([0, 0, 1, 1, 0, 0, 1, 1]), "w": (4, 2, 3, 3), "v": (144, 5)}
        | {"shape": np.array([1, 144])},
        image="float[1,2,6,6] image",
    )
    before = model.SerializeToString(deterministic=True)
    differentiate(model)
    assert model.SerializeToString(deterministic=True) == before


# --- Models that end in probabilities -----------------------------------------------------------


@pytest.mark.parametrize(
    "ending",
    ["p = Softmax(y)", "p = LogSoftmax <axis = 1> (y)", "q = Softmax(y) p = Identity(q)"],
)
def test_probabilities_are_differentiated_at_the_logits(ending: str) -> None:
    found = differentiate(net(ending, output="float[N,k] p"))
    assert found.at_logits
    assert found.logits == "y"
    assert any("logits" in note for note in found.notes)
    x = images(2, 2, 6, 6)
    expected = run(differentiate(net()), x, [0, 1])
    for key, value in run(found, x, [0, 1]).items():
        np.testing.assert_array_equal(value, expected[key])


def test_a_named_score_is_taken_as_it_is() -> None:
    found = differentiate(net("p = Softmax(y)", output="float[N,k] p"), score="p")
    assert not found.at_logits
    result = run(found, images(2, 2, 6, 6), [0, 1])
    np.testing.assert_allclose(result["logits"].sum(axis=1), 1.0, rtol=1e-6)


def test_class_scores_with_spatial_axes_of_one_are_flattened() -> None:
    model = classifier(
        CONV + "q = Conv(f, v) y = Softmax <axis = 1> (q)",
        {"w": (4, 2, 3, 3), "v": (5, 4, 1, 1)},
        output="float[N,5,1,1] y",
    )
    found = differentiate(model)
    assert found.at_logits
    assert run(found, images(3, 2, 6, 6), [0, 1, 2])["logits"].shape == (3, 5)
    assert compare(found).holds


def test_a_single_score_a_sample_is_class_zero() -> None:
    model = classifier(
        "f = Flatten(image) y = ReduceSum <keepdims = 0> (f, one)", {"one": np.array([1])}
    )
    result = run(differentiate(model), images(2, 2, 6, 6), [0, 0])
    np.testing.assert_array_equal(result["gradient"], 1.0)
