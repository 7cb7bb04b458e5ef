"""Gemm, MatMul and Einsum against finite differences, and what Einsum refuses."""

import numpy as np
import pytest
from onnx import TensorProto

from export.autodiff import UnsupportedOperator
from export.autodiff.rules import linear_algebra
from tests.export.autodiff.finite_differences import Operator, Shape, assert_agrees
from tests.export.autodiff.pullback import pullback

RNG = np.random.default_rng(0)
W = RNG.normal(size=(4, 3))


def einsum(equation: str, *inputs: Shape, wrt: tuple[int, ...] = (0, 1)) -> Operator:
    return Operator("Einsum", list(inputs), {"equation": equation}, wrt=wrt)


OPERATORS = {
    "gemm": Operator("Gemm", [("N", 4), W]),
    "gemm with a bias": Operator(
        "Gemm", [("N", 4), W, (3,)], {"alpha": 0.5, "beta": 2.0}, wrt=(0, 2)
    ),
    "gemm, right turned": Operator("Gemm", [("N", 4), (3, 4)], {"transB": 1}, wrt=(0, 1)),
    "gemm, left turned": Operator("Gemm", [(4, "N"), (4, 3)], {"transA": 1}, wrt=(0, 1)),
    "gemm, both turned": Operator(
        "Gemm", [(4, "N"), (3, 4)], {"transA": 1, "transB": 1, "alpha": 1.5}, wrt=(0, 1)
    ),
    "gemm, by both": Operator("Gemm", [("N", 4), (4, 3)], wrt=(0, 1)),
    "matmul": Operator("MatMul", [("N", 2, 4), W]),
    "matmul, by both": Operator("MatMul", [("N", 2, 4), ("N", 4, 3)], wrt=(0, 1)),
    "matmul, broadcast": Operator("MatMul", [("N", 5, 2, 4), (5, 4, 3)], wrt=(0, 1)),
    "matmul, broadcast by 1": Operator("MatMul", [("N", 1, 2, 4), (5, 4, 3)], wrt=(0, 1)),
    "matmul, weight first": Operator("MatMul", [W, ("N", 3, 2)], wrt=(1,)),
    "matmul, a column": Operator("MatMul", [("N", 2, 4), (4,)], wrt=(0, 1)),
    "matmul, a row": Operator("MatMul", [(4,), ("N", 4, 3)], wrt=(0, 1)),
    "matmul, two vectors": Operator("MatMul", [(4,), (4,)], wrt=(0, 1)),
    "einsum, attention": einsum("bhid,bhjd->bhij", ("N", 2, 3, 4), ("N", 2, 5, 4)),
    "einsum, implicit result": einsum("bij,jk", ("N", 3, 4), (4, 2)),
    "einsum, ellipsis": einsum("...ij,...jk->...ik", ("N", 2, 3, 4), ("N", 2, 4, 2)),
    "einsum, one operand": einsum("bij->bji", ("N", 3, 4), wrt=(0,)),
    "einsum, summed alone": einsum("bij,bk->bk", ("N", 3, 4), ("N", 2)),
    "einsum, three": einsum("bi,ij,bj->b", ("N", 3), (3, 4), ("N", 4), wrt=(0, 1, 2)),
    "einsum, outer": einsum("bi,bj->bij", ("N", 3), ("N", 4)),
}


@pytest.mark.parametrize("name", OPERATORS)
def test_agrees_with_finite_differences(name: str) -> None:
    assert_agrees(OPERATORS[name])


def test_every_rule_of_the_family_is_tried() -> None:
    assert {o.op_type for o in OPERATORS.values()} == linear_algebra.RULES.keys()


@pytest.mark.parametrize(
    ("equation", "shapes", "reason"),
    [
        ("bii->bi", [("N", 3, 3)], "diagonal"),
        ("bij,bjk->bik", [("N", 3, 4), ("N", 1, 2)], "broadcast"),
    ],
)
def test_an_einsum_without_a_plain_gradient_is_refused(
    equation: str, shapes: list[Shape], reason: str
) -> None:
    model = einsum(equation, *shapes).model(TensorProto.FLOAT)
    with pytest.raises(UnsupportedOperator, match=reason):
        pullback(model, ["y0"], ["x0"])
