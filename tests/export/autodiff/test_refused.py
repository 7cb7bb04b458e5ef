"""What cannot be differentiated is refused by name, with what to do."""

import re

import numpy as np
import pytest
from onnx import TensorProto, helper

from export.autodiff import (
    UnsupportedGraph,
    UnsupportedOperator,
    differentiate,
)
from export.autodiff.check import compare
from tests.export.autodiff.tiny_graphs import (
    CONV,
    WEIGHTS,
    classifier,
    images,
    net,
    run_in_double,
)

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
