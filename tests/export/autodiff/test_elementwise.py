"""Elementwise operators and activations against finite differences, and at their kinks."""

import math

import numpy as np
import pytest
from onnx import TensorProto

from export.autodiff.rules import activation, elementwise
from tests.export.autodiff.finite_differences import (
    Operator,
    Shape,
    assert_agrees,
    gradients,
    open_session,
)
from tests.export.autodiff.pullback import pullback

X: Shape = ("N", 3, 4)
ROW: Shape = (4,)
SLOPES = np.array([[0.1], [-0.5], [2.0]])
FLAT = ("Floor", "Ceil", "Round", "Sign")  # their gradient is zero almost everywhere

OPERATORS = {
    "Add": Operator("Add", [X, ROW], wrt=(0, 1)),
    "Add, a scalar": Operator("Add", [X, ()], wrt=(0, 1)),
    "Sub": Operator("Sub", [X, ("N", 1, 4)], wrt=(0, 1)),
    "Sub, shorter first": Operator("Sub", [ROW, X], wrt=(0, 1)),
    "Mul": Operator("Mul", [X, (3, 1)], wrt=(0, 1)),
    "Mul, by itself": Operator("Mul", [X, X], wrt=(0, 1)),
    "Div": Operator("Div", [X, ("N", 3, 1)], wrt=(0, 1), low=0.5),
    "Pow, square": Operator("Pow", [X, np.array(2.0)]),
    "Pow, cube": Operator("Pow", [X, np.array(3.0)]),
    "Pow, nothing": Operator("Pow", [X, np.array(0.0)]),
    "Pow, integers": Operator("Pow", [X, np.array([1, 2, 3, 4])]),
    "Pow": Operator("Pow", [X, ROW], wrt=(0, 1), low=0.5),
    "Neg": Operator("Neg", [X]),
    "Abs": Operator("Abs", [X]),
    "Sqrt": Operator("Sqrt", [X], low=0.1),
    "Exp": Operator("Exp", [X]),
    "Log": Operator("Log", [X], low=0.1),
    "Reciprocal": Operator("Reciprocal", [X], low=0.5),
    "Min": Operator("Min", [X, ROW, ("N", 3, 1)], wrt=(0, 1, 2)),
    "Max": Operator("Max", [X, ROW], wrt=(0, 1)),
    "Max, of one": Operator("Max", [X]),
    "Sum": Operator("Sum", [X, ROW, X], wrt=(0, 1, 2)),
    "Mean": Operator("Mean", [X, ROW], wrt=(0, 1)),
    "Where": Operator("Where", [np.eye(3, 4, dtype=bool), X, ROW], wrt=(1, 2)),
    "Clip": Operator("Clip", [X, np.array(-0.5), np.array(1.0)]),
    "Clip, below only": Operator("Clip", [X, np.array(-0.5)]),
    "Clip, above only": Operator("Clip", [X, None, np.array(0.5)]),
    "Clip, not at all": Operator("Clip", [X]),
    "Erf": Operator("Erf", [X]),
    "Sin": Operator("Sin", [X]),
    "Cos": Operator("Cos", [X]),
    **{op_type: Operator(op_type, [X]) for op_type in FLAT},
    "Relu": Operator("Relu", [X]),
    "LeakyRelu": Operator("LeakyRelu", [X], {"alpha": 0.25}),
    "LeakyRelu, falling": Operator("LeakyRelu", [X], {"alpha": -0.5}),
    "PRelu": Operator("PRelu", [X, SLOPES]),
    "PRelu, by the slope": Operator("PRelu", [X, (3, 1)], wrt=(0, 1)),
    "Elu": Operator("Elu", [X], {"alpha": 0.5}),
    "Selu": Operator("Selu", [X]),
    "Softplus": Operator("Softplus", [X]),
    "Softsign": Operator("Softsign", [X]),
    "Sigmoid": Operator("Sigmoid", [X]),
    "Tanh": Operator("Tanh", [X]),
    "HardSigmoid": Operator("HardSigmoid", [X], {"alpha": 0.5, "beta": 0.25}),
    "HardSwish": Operator("HardSwish", [X], low=-4.0, high=4.0),
    "Mish": Operator("Mish", [X]),
    "ThresholdedRelu": Operator("ThresholdedRelu", [X], {"alpha": 0.5}),
    "Gelu": Operator("Gelu", [X], opset=20),
    "Gelu, tanh": Operator("Gelu", [X], {"approximate": "tanh"}, opset=20),
}
# ONNX Runtime has no kernel for one, and ONNX no float64 for the other.
APART = {
    "Swish": Operator("Swish", [X], {"alpha": 1.5}, opset=24),
    "Celu": Operator("Celu", [X], {"alpha": 2.0}),
}


@pytest.mark.parametrize("name", OPERATORS)
def test_agrees_with_finite_differences(name: str) -> None:
    assert_agrees(OPERATORS[name])


def test_every_rule_of_the_two_families_is_tried() -> None:
    tried = {o.op_type for o in (*OPERATORS.values(), *APART.values())}
    assert tried >= elementwise.RULES.keys() | activation.RULES.keys()


def test_swish_is_x_times_sigmoid() -> None:
    found, feeds = gradients(APART["Swish"], 2)
    x, cotangent = feeds["x0"], feeds["cotangent/y0"]
    s = 1 / (1 + np.exp(-1.5 * x))
    np.testing.assert_allclose(found["x0"], cotangent * (s + 1.5 * x * s * (1 - s)), rtol=1e-12)


def test_celu_falls_off_exponentially_below_zero() -> None:
    model = pullback(APART["Celu"].model(TensorProto.FLOAT), ["y0"], ["x0"])
    x = np.linspace(-3, 3, 24, dtype=np.float32).reshape(2, 3, 4)
    feeds = {"x0": x, "cotangent/y0": np.ones_like(x)}
    (found,) = open_session(model).run(["gradient/x0"], feeds)
    np.testing.assert_allclose(found, np.where(x > 0, 1.0, np.exp(x / 2.0)), rtol=1e-6)


def test_relu_stops_the_gradient_at_zero() -> None:
    found, _ = gradients(Operator("Relu", [X], low=0.0, high=0.0), 1)
    assert (found["x0"] == 0).all()


def test_clip_stops_the_gradient_at_its_bounds() -> None:
    bounds = [np.array(-1.0), np.array(1.0)]
    for value in (-1.0, 1.0):
        found, _ = gradients(Operator("Clip", [X, *bounds], low=value, high=value), 1)
        assert (found["x0"] == 0).all()


def test_equal_inputs_of_max_share_the_gradient() -> None:
    found, feeds = gradients(Operator("Max", [X, X], wrt=(0, 1), low=1.0, high=1.0), 2)
    np.testing.assert_array_equal(found["x0"], feeds["cotangent/y0"] / 2)
    np.testing.assert_array_equal(found["x1"], feeds["cotangent/y0"] / 2)


def test_the_exponent_of_zero_has_gradient_zero() -> None:
    found, _ = gradients(Operator("Pow", [X, ()], wrt=(1,), low=0.0, high=0.0), 1)
    assert found["x1"] == 0


def test_gelu_has_slope_one_half_at_zero() -> None:
    found, feeds = gradients(Operator("Gelu", [X], opset=20, low=0.0, high=0.0), 1)
    np.testing.assert_allclose(found["x0"], feeds["cotangent/y0"] / 2)


def test_erf_has_slope_two_over_root_pi_at_zero() -> None:
    found, feeds = gradients(Operator("Erf", [X], low=0.0, high=0.0), 1)
    np.testing.assert_allclose(found["x0"], feeds["cotangent/y0"] * 2 / math.sqrt(math.pi))
