"""Reductions and CumSum against finite differences; ties, zeros and refusals by hand."""

import numpy as np
import pytest

from export.autodiff import UnsupportedOperator
from tests.export.autodiff.finite_differences import Operator, assert_agrees, run
from tests.export.autodiff.pullback import pullback

X = ("N", 3, 4, 2)
AXES = np.array([1, 3])
KINDS = ("Sum", "Mean", "Max", "Min", "L1", "L2", "SumSquare", "LogSumExp", "Prod")

OPERATORS = {
    **{f"{kind}, kept": Operator(f"Reduce{kind}", [X, AXES]) for kind in KINDS},
    **{
        f"{kind}, dropped": Operator(f"Reduce{kind}", [X, np.array([-1])], {"keepdims": 0})
        for kind in KINDS
    },
    "LogSum": Operator("ReduceLogSum", [X, AXES], low=0.5),
    "L1 of nothing": Operator("ReduceL1", [X], {"noop_with_empty_axes": 1}),
    "SumSquare of nothing": Operator("ReduceSumSquare", [X], {"noop_with_empty_axes": 1}),
    "LogSumExp of nothing": Operator("ReduceLogSumExp", [X], {"noop_with_empty_axes": 1}),
    "CumSum": Operator("CumSum", [X, np.array(1)]),
    "CumSum, reverse": Operator("CumSum", [X, np.array(-1)], {"reverse": 1}),
    "CumSum, exclusive": Operator("CumSum", [X, np.array(2)], {"exclusive": 1}),
    "CumSum, both": Operator("CumSum", [X, np.array(2)], {"exclusive": 1, "reverse": 1}),
}


@pytest.mark.parametrize("name", OPERATORS)
def test_agrees_with_finite_differences(name: str) -> None:
    assert_agrees(OPERATORS[name])


@pytest.mark.parametrize("axes", [None, np.array([0]), np.array([1, -4])])
@pytest.mark.parametrize("kind", KINDS)
def test_a_reduction_over_the_batch_is_refused(kind: str, axes: np.ndarray | None) -> None:
    operator = Operator(f"Reduce{kind}", [X, axes])
    with pytest.raises(UnsupportedOperator) as refusal:
        pullback(operator.model(1), ["y0"], ["x0"])
    assert (refusal.value.op_type, refusal.value.node_name) == (f"Reduce{kind}", "it")


def test_a_running_sum_over_the_batch_is_refused() -> None:
    with pytest.raises(UnsupportedOperator, match="CumSum"):
        pullback(Operator("CumSum", [X, np.array(0)]).model(1), ["y0"], ["x0"])


def gradient_at(kind: str, x: list[float]) -> list[float]:
    """The gradient of a reduction of one row, with cotangent 6."""
    operator = Operator(f"Reduce{kind}", [("N", len(x)), np.array([1])])
    graph = pullback(operator.model(11), ["y0"], ["x0"])
    found = run(graph, {"x0": np.array([x]), "cotangent/y0": np.array([[6.0]])})
    return found["gradient/x0"][0].tolist()


@pytest.mark.parametrize(("kind", "x"), [("Max", [3.0, 1.0, 3.0]), ("Min", [-1.0, 5.0, -1.0])])
def test_elements_that_tie_share_the_gradient(kind: str, x: list[float]) -> None:
    assert gradient_at(kind, x) == [3.0, 0.0, 3.0]


def test_a_product_with_zeros_is_exact() -> None:
    assert gradient_at("Prod", [2.0, 0.0, 5.0]) == [0.0, 60.0, 0.0]
    assert gradient_at("Prod", [0.0, 0.0, 5.0]) == [0.0, 0.0, 0.0]
    assert gradient_at("Prod", [2.0, 3.0, 5.0]) == [90.0, 60.0, 36.0]


@pytest.mark.parametrize("kind", ["L1", "L2"])
def test_the_norm_of_a_zero_vector_has_gradient_zero(kind: str) -> None:
    assert gradient_at(kind, [0.0, 0.0]) == [0.0, 0.0]
