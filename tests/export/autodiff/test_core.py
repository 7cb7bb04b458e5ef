"""The pass as a whole: what comes out, what is done to the graph first, what is refused."""

import re
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from export.autodiff import (
    UnsupportedGraph,
    UnsupportedOperator,
    differentiate,
    differentiate_file,
)
from export.autodiff.check import compare
from tests.export.autodiff.tiny_graphs import (
    classifier,
    images,
    open_session,
    relative,
    run,
    run_in_double,
)

CONV = "c = Conv <pads = [1,1,1,1]> (image, w) r = Relu(c) f = GlobalAveragePool(r) "
NET = CONV + "g = Flatten(f) y = Gemm(g, v)"
WEIGHTS = {"w": (4, 2, 3, 3), "v": (4, 5)}


def net(ending: str = "", **settings: str) -> onnx.ModelProto:
    return classifier(NET + ending, WEIGHTS, **settings)


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


# --- What is done to the graph first ------------------------------------------------------------


def test_batch_normalisation_is_folded_into_conv() -> None:
    positive = np.linspace(0.5, 1.5, 4, dtype=np.float32)
    model = classifier(
        "c = Conv(image, w, d) n = BatchNormalization(c, s, d, m, s) r = Relu(n) "
        "f = GlobalAveragePool(r) g = Flatten(f) y = Gemm(g, v)",
        {**WEIGHTS, "s": positive, "d": (4,), "m": (4,)},
    )
    found, x = differentiate(model), images(2, 2, 6, 6)
    assert "BatchNormalization" not in {n.op_type for n in found.model.graph.node}
    assert relative(run(found, x, [0, 1])["logits"], _predict(model, x)) < 1e-6
    assert compare(found).holds


def test_a_tensor_that_is_asked_for_is_not_folded_away() -> None:
    positive = np.linspace(0.5, 1.5, 4, dtype=np.float32)
    model = classifier(
        "c = Conv(image, w) n = BatchNormalization(c, s, s, s, s) "
        "f = GlobalAveragePool(n) g = Flatten(f) y = Gemm(g, v)",
        {**WEIGHTS, "s": positive},
    )
    found = differentiate(model, wrt=["c"])
    assert "gradient/c" in run(found, images(1, 2, 6, 6), [0])


@pytest.mark.parametrize(
    ("reader", "fill"),
    [
        ("Conv <pads = [1,0,1,0]> (p, w)", 0.0),
        ("MaxPool <kernel_shape = [3,3]> (p)", -np.inf),
        ("AveragePool <kernel_shape = [3,3], strides = [2,2]> (p)", 0.0),
    ],
)
def test_a_pad_becomes_the_pads_of_its_reader(reader: str, fill: float) -> None:
    model = classifier(
        f"p = Pad(image, pads, fill) c = {reader} f = GlobalAveragePool(c) y = Flatten(f)",
        {**WEIGHTS, "pads": np.array([0, 0, 1, 2, 0, 0, 0, 1]), "fill": np.float32(fill)},
    )
    found, x = differentiate(model), images(2, 2, 6, 6)
    kinds = [n.op_type for n in found.model.graph.node if not n.name.startswith("d/")]
    assert "Pad" not in kinds
    np.testing.assert_allclose(run(found, x, [0, 1])["logits"], _predict(model, x), rtol=1e-5)
    assert compare(found).holds


def test_a_pad_with_another_fill_stays() -> None:
    model = classifier(
        "p = Pad(image, pads, fill) c = Conv(p, w) f = GlobalAveragePool(c) y = Flatten(f)",
        {**WEIGHTS, "pads": np.array([0, 0, 1, 2, 0, 0, 0, 1]), "fill": np.float32(0.5)},
    )
    found, x = differentiate(model), images(2, 2, 6, 6)
    np.testing.assert_allclose(run(found, x, [0, 1])["logits"], _predict(model, x), rtol=1e-5)
    assert compare(found).holds


@pytest.mark.parametrize("shape", [[1, 144], [1, -1], [-1, 144], [0, 144]])
def test_a_baked_batch_of_one_is_freed(shape: list[int]) -> None:
    model = classifier(
        "c = Conv <pads = [1,1,1,1]> (image, w) r = Tanh(c) s = Reshape(r, shape) y = Gemm(s, v)",
        {"w": (4, 2, 3, 3), "v": (144, 5), "shape": np.array(shape)},
        image="float[1,2,6,6] image",
        output="float[1,5] y",
    )
    found = differentiate(model)
    assert run(found, images(7, 2, 6, 6), [0] * 7)["logits"].shape == (7, 5)
    assert compare(found).holds


def test_a_class_token_of_batch_one_is_repeated() -> None:
    model = classifier(
        "s = Reshape(image, shape) c = Concat <axis = 1> (token, s) t = Tanh(c) "
        "m = ReduceMean <keepdims = 0> (t, one) y = MatMul(m, v)",
        {"shape": np.array([1, 2, 36]), "token": (1, 1, 36), "v": (36, 5), "one": np.array([1])},
        image="float[1,2,6,6] image",
        output="float[1,5] y",
    )
    found = differentiate(model)
    assert run(found, images(3, 2, 6, 6), [0, 1, 2])["logits"].shape == (3, 5)
    assert compare(found).holds


def test_an_operator_without_a_rule_is_replaced_by_its_function_body() -> None:
    model = classifier(
        "s = Shrink <lambd = 0.5, bias = 0.25> (image) f = Flatten(s) y = Gemm(f, v)",
        {"v": (72, 5)},
    )
    found, x = differentiate(model), images(2, 2, 6, 6)
    assert "Shrink" not in found.operators
    np.testing.assert_allclose(run(found, x, [0, 1])["logits"], _predict(model, x), rtol=1e-5)
    assert compare(found).holds


def test_a_models_own_functions_are_inlined() -> None:
    model = net("z = own.Double(y)", output="float[N,k] z", domain="own")
    body = [helper.make_node("Add", ["a", "a"], ["b"])]
    opsets = [helper.make_opsetid("", 18)]
    model.functions.append(helper.make_function("own", "Double", ["a"], ["b"], body, opsets))
    found, x = differentiate(model), images(1, 2, 6, 6)
    single = run(differentiate(net()), x, [1])
    np.testing.assert_allclose(run(found, x, [1])["gradient"], 2 * single["gradient"], rtol=1e-6)


@pytest.mark.parametrize("opset", [9, 11, 13, 17, 20])
def test_older_and_newer_operator_sets_are_read(opset: int) -> None:
    found = differentiate(net(opset=opset))
    expected = run(differentiate(net()), images(2, 2, 6, 6), [0, 1])
    for key, value in run(found, images(2, 2, 6, 6), [0, 1]).items():
        np.testing.assert_array_equal(value, expected[key])


def test_integer_and_shape_paths_are_left_alone() -> None:
    model = classifier(
        "s = Shape(image) b = Gather(s, zero) i = Unsqueeze(b, axis) "
        "t = Concat <axis = 0> (i, rest) f = Reshape(image, t) "
        "m = Greater(f, half) n = Cast <to = 1> (m) k = Mul(f, n) y = Gemm(k, v)",
        {"zero": np.array(0), "axis": np.array([0]), "rest": np.array([72]), "v": (72, 5)}
        | {"half": np.float32(0.5)},
    )
    found = differentiate(model)
    assert set(found.operators) == {"Reshape", "Mul", "Gemm"}
    assert compare(found).holds


def test_cuts_of_one_tensor_are_joined_by_one_concat() -> None:
    cuts = " ".join(f"s{i} = Slice(f, b{i}, b{i + 1}, axis) t{i} = Tanh(s{i})" for i in range(4))
    model = classifier(
        f"f = Flatten(image) {cuts} a = Sum(t0, t1, t2, t3) y = Gemm(a, v)",
        {f"b{i}": np.array([18 * i]) for i in range(5)} | {"axis": np.array([1]), "v": (18, 5)},
    )
    found = differentiate(model)
    emitted = [n.op_type for n in found.model.graph.node if n.name.startswith("d/")]
    assert emitted.count("Concat") == 1
    assert "Pad" not in emitted
    assert compare(found).holds


def test_overlapping_cuts_and_gaps_are_joined() -> None:
    model = classifier(
        "f = Flatten(image) a = Slice(f, i5, i20, axis) b = Slice(f, i10, i25, axis) "
        "c = Gather <axis = 1> (f, i7) u = Unsqueeze(c, axis) d = Mul(a, b) e = Mul(d, u) "
        "y = Gemm(e, v)",
        {f"i{n}": np.array([n]) for n in (5, 10, 20, 25)}
        | {"i7": np.array(7), "axis": np.array([1]), "v": (15, 5)},
    )
    assert compare(differentiate(model)).error < 1e-7


# --- Weights that lie in a file -----------------------------------------------------------------


@pytest.fixture
def external(tmp_path: Path) -> Path:
    """A model whose weights lie beside it."""
    path = tmp_path / "predict.onnx"
    onnx.save_model(
        net(), path, save_as_external_data=True, location="weights.bin", size_threshold=0
    )
    return path


def test_the_weights_file_is_shared(external: Path) -> None:
    explain = external.with_name("explain.onnx")
    before = external.with_name("weights.bin").read_bytes()
    differentiate_file(external, explain, wrt=["r"])
    assert external.with_name("weights.bin").read_bytes() == before
    shared = {w.name: w for w in onnx.load(explain, load_external_data=False).graph.initializer}
    for weight in onnx.load(external, load_external_data=False).graph.initializer:
        assert shared[weight.name].external_data == weight.external_data
    x = images(2, 2, 6, 6)
    feeds = {"image": x, "target": np.array([0, 1])}
    found = open_session(str(explain)).run(["logits", "score", "gradient"], feeds)
    for value, expected in zip(found, run(differentiate(net()), x, [0, 1]).values(), strict=True):
        np.testing.assert_array_equal(value, expected)


def test_a_shared_weights_file_must_stay_beside_both(external: Path) -> None:
    (external.parent / "elsewhere").mkdir()
    with pytest.raises(UnsupportedGraph, match="beside"):
        differentiate_file(external, external.parent / "elsewhere" / "explain.onnx")


def test_a_model_in_one_file_may_be_written_anywhere(tmp_path: Path) -> None:
    onnx.save_model(net(), tmp_path / "predict.onnx")
    (tmp_path / "elsewhere").mkdir()
    differentiate_file(tmp_path / "predict.onnx", tmp_path / "elsewhere" / "explain.onnx")
    onnx.checker.check_model(str(tmp_path / "elsewhere" / "explain.onnx"), full_check=True)


# --- Refused ------------------------------------------------------------------------------------


FLAT = "f = Flatten(image) "
REFUSED_OPERATORS = {
    "QuantizeLinear": FLAT
    + "q = QuantizeLinear(f, one) d = DequantizeLinear(q, one) y = Gemm(d, v)",
    "TopK": FLAT + "t, i = TopK(f, five) y = Identity(t)",
    "NonZero": "z = NonZero(image) c = Cast <to = 1> (z) f = Flatten(image) y = Gemm(f, v)",
    "GridSample": "s = GridSample(image, grid) y = Flatten(s)",
    "ReduceMean": FLAT + "m = ReduceMean(f, zero) s = Sub(f, m) y = Gemm(s, v)",
    "Softmax": FLAT + "m = Softmax <axis = 0> (f) y = Gemm(m, v)",
    "Gather": FLAT + "m = Gather(f, zero) s = Sub(f, m) y = Gemm(s, v)",
    "Slice": FLAT + "m = Slice(f, zero, one_int) s = Sub(f, m) y = Gemm(s, v)",
    "MatMul": FLAT + "t = Transpose(f) k = MatMul(t, f) s = MatMul(f, k) y = Gemm(s, v)",
    "BatchNormalization": FLAT
    + "n, a, b = BatchNormalization <training_mode = 1> (f, s, s, s, s) y = Gemm(n, v)",
}
ALL = {
    "v": (72, 5),
    "s": np.ones(72, np.float32),
    "one": np.float32(1.0),
    "five": np.array([5]),
    "zero": np.array([0]),
    "one_int": np.array([1]),
    "grid": np.zeros((2, 3, 3, 2), np.float32),
}


@pytest.mark.parametrize("op_type", [k for k in REFUSED_OPERATORS if k != "NonZero"])
def test_an_operator_in_the_way_is_refused_by_name(op_type: str) -> None:
    model = classifier(REFUSED_OPERATORS[op_type], ALL)
    named = next(n for n in model.graph.node if n.op_type == op_type)
    named.name = "culprit"
    with pytest.raises(UnsupportedOperator) as refusal:
        differentiate(model)
    assert (refusal.value.op_type, refusal.value.node_name) == (op_type, "culprit")
    assert len(refusal.value.hint) > 20
    assert refusal.value.hint in str(refusal.value)


def test_an_operator_without_a_rule_off_the_path_is_no_obstacle() -> None:
    assert compare(differentiate(classifier(REFUSED_OPERATORS["NonZero"], ALL))).holds


def test_a_product_over_the_batch_is_refused() -> None:
    model = classifier(FLAT + "t = Transpose(f) y = MatMul(f, t)", output="float[N,N] y")
    with pytest.raises(UnsupportedGraph, match=re.escape("(N, N)")):
        differentiate(model)


@pytest.mark.parametrize("op_type", ["If", "Loop", "Scan"])
def test_control_flow_is_refused_by_name(op_type: str) -> None:
    model = classifier(FLAT + "a = Gemm(f, v) y = Identity(a)", {"v": (72, 5)})
    flow = model.graph.node[2]
    flow.op_type, flow.name = op_type, "flow"
    inner = helper.make_node("Identity", ["a"], ["out"])
    output = helper.make_empty_tensor_value_info("out")
    flow.attribute.append(
        helper.make_attribute("body", helper.make_graph([inner], "g", [], [output]))
    )
    with pytest.raises(UnsupportedOperator) as refusal:
        differentiate(model)
    assert (refusal.value.op_type, refusal.value.node_name) == (op_type, "flow")


def test_a_custom_operator_is_refused_with_its_domain() -> None:
    model = net("z = com.acme.Fused(y)", output="float[N,k] z", domain="com.acme")
    with pytest.raises(UnsupportedOperator, match=re.escape("com.acme.Fused")):
        differentiate(model)


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"image": "int64[N,2,6,6] image"}, "float input"),
        ({"image": "float[N,2,6,6] image, float[N,3] other"}, "other"),
        ({"image": "float[N,2,H,6] image"}, "axis 2"),
        ({"image": "float image"}, "batch"),
    ],
)
def test_inputs_that_are_no_image_are_refused(settings: dict[str, str], reason: str) -> None:
    with pytest.raises(UnsupportedGraph, match=reason):
        differentiate(net(**settings))


def test_the_image_may_be_named_among_several_inputs() -> None:
    model = classifier(
        FLAT + "a = Gemm(f, v) y = Add(a, other)",
        {"v": (72, 5)},
        image="float[N,2,6,6] image, float[N,5] other",
    )
    found = differentiate(model, image="image")
    assert [i.name for i in found.model.graph.input] == ["image", "other", "target", "versus"]
    with pytest.raises(UnsupportedGraph, match="nothing"):
        differentiate(model, image="nothing")


def test_a_score_that_is_a_map_is_refused_with_what_to_do() -> None:
    model = classifier(CONV + "y = Identity(r)", WEIGHTS, output="float[N,4,6,6] y")
    with pytest.raises(UnsupportedGraph, match="name the tensor"):
        differentiate(model)


def test_names_that_are_not_there_are_refused() -> None:
    with pytest.raises(UnsupportedGraph, match="nowhere"):
        differentiate(net(), wrt=["nowhere"])
    with pytest.raises(UnsupportedGraph, match="nowhere"):
        differentiate(net(), score="nowhere")


def test_a_score_that_does_not_depend_on_the_image_is_refused() -> None:
    model = classifier("f = Flatten(image) l = Floor(f) y = Gemm(l, v)", {"v": (72, 5)})
    with pytest.raises(UnsupportedGraph, match="does not depend"):
        differentiate(model)


def test_input_names_that_are_ours_are_refused() -> None:
    with pytest.raises(UnsupportedGraph, match="target"):
        differentiate(
            classifier(
                "f = Flatten(target) y = Gemm(f, v)", {"v": (72, 5)}, image="float[N,2,6,6] target"
            )
        )


def test_float64_models_stay_in_float64() -> None:
    model = classifier(
        "f = Flatten(image) t = Tanh(f) y = MatMul(t, v)",
        {"v": np.random.default_rng(0).normal(size=(72, 5))},
        image="double[N,2,6,6] image",
        output="double[N,5] y",
    )
    found = differentiate(model)
    assert found.model.graph.output[2].type.tensor_type.elem_type == TensorProto.DOUBLE
    assert run_in_double(found, images(1, 2, 6, 6), [0])["gradient"].dtype == np.float64


def _predict(model: onnx.ModelProto, x: np.ndarray) -> np.ndarray:
    return open_session(model).run(None, {"image": x})[0]
