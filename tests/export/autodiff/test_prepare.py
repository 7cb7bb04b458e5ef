"""What is done to a graph before it is differentiated."""

import numpy as np
import pytest
from onnx import helper

from export.autodiff import (
    differentiate,
)
from export.autodiff.check import compare
from tests.export.autodiff.tiny_graphs import (
    WEIGHTS,
    classifier,
    images,
    net,
    predict,
    relative,
    run,
)


def test_batch_normalisation_is_folded_into_conv() -> None:
    positive = np.linspace(0.5, 1.5, 4, dtype=np.float32)
    model = classifier(
        "c = Conv(image, w, d) n = BatchNormalization(c, s, d, m, s) r = Relu(n) "
        "f = GlobalAveragePool(r) g = Flatten(f) y = Gemm(g, v)",
        {**WEIGHTS, "s": positive, "d": (4,), "m": (4,)},
    )
    found, x = differentiate(model), images(2, 2, 6, 6)
    assert "BatchNormalization" not in {n.op_type for n in found.model.graph.node}
    assert relative(run(found, x, [0, 1])["logits"], predict(model, x)) < 1e-6
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
    np.testing.assert_allclose(run(found, x, [0, 1])["logits"], predict(model, x), rtol=1e-5)
    assert compare(found).holds


def test_a_pad_with_another_fill_stays() -> None:
    model = classifier(
        "p = Pad(image, pads, fill) c = Conv(p, w) f = GlobalAveragePool(c) y = Flatten(f)",
        {**WEIGHTS, "pads": np.array([0, 0, 1, 2, 0, 0, 0, 1]), "fill": np.float32(0.5)},
    )
    found, x = differentiate(model), images(2, 2, 6, 6)
    np.testing.assert_allclose(run(found, x, [0, 1])["logits"], predict(model, x), rtol=1e-5)
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
    np.testing.assert_allclose(run(found, x, [0, 1])["logits"], predict(model, x), rtol=1e-5)
    assert compare(found).holds


def test_a_models_own_functions_are_inlined() -> None:
    model = net("z = own.Doubles(y)", output="float[N,k] z", domain="own")
    body = [helper.make_node("Add", ["a", "a"], ["b"])]
    opsets = [helper.make_opsetid("", 18)]
    model.functions.append(helper.make_function("own", "Doubles", ["a"], ["b"], body, opsets))
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
