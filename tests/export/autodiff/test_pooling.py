"""Pools: every way to write a window, against finite differences, and ties by hand."""

import numpy as np
import pytest

from export.autodiff.rules import pooling
from tests.export.autodiff.finite_differences import Operator, assert_agrees, gradients

X = ("N", 2, 7, 6)
K2, K3 = [2, 2], [3, 3]

WINDOWS = {
    "no overlap": {"kernel_shape": K2, "strides": [2, 2]},
    "overlap": {"kernel_shape": K3, "strides": [2, 2], "pads": [1, 1, 1, 1]},
    "stride 1": {"kernel_shape": K3, "pads": [1, 1, 1, 1]},
    "gaps": {"kernel_shape": [1, 2], "strides": [3, 3]},
    "rounded up": {"kernel_shape": K3, "strides": [2, 2], "ceil_mode": 1},
    "rounded up with pads": {
        "kernel_shape": K2,
        "strides": [2, 3],
        "pads": [0, 1, 1, 0],
        "ceil_mode": 1,
    },
    "dilated": {"kernel_shape": [2, 3], "dilations": [3, 2], "pads": [1, 0, 0, 1]},
    "same upper": {"kernel_shape": K2, "strides": [2, 2], "auto_pad": "SAME_UPPER"},
    "same lower": {"kernel_shape": K3, "strides": [3, 2], "auto_pad": "SAME_LOWER"},
    "whole": {"kernel_shape": [7, 6]},
}
ONE_AXIS = {"kernel_shape": [3], "strides": [2], "pads": [1, 1]}

OPERATORS = {
    **{f"max, {n}": Operator("MaxPool", [X], w, opset=19) for n, w in WINDOWS.items()},
    **{f"average, {n}": Operator("AveragePool", [X], w, opset=19) for n, w in WINDOWS.items()},
    **{
        f"average with pads, {n}": Operator(
            "AveragePool", [X], {**w, "count_include_pad": 1}, opset=19
        )
        for n, w in WINDOWS.items()
        if "pads" in w
    },
    **{
        f"lp {p}, {n}": Operator("LpPool", [X], {**WINDOWS[n], "p": p}, opset=18, low=0.1)
        for n in ("no overlap", "overlap", "stride 1", "dilated")
        for p in (1, 2, 3)
    },
    "max, 1-D": Operator("MaxPool", [("N", 2, 7)], ONE_AXIS),
    "average, 1-D": Operator("AveragePool", [("N", 2, 7)], ONE_AXIS),
    "max, 3-D": Operator("MaxPool", [("N", 2, 4, 3, 4)], {"kernel_shape": [2, 2, 2]}),
    "global max": Operator("GlobalMaxPool", [X]),
    "global average": Operator("GlobalAveragePool", [X]),
    "global lp": Operator("GlobalLpPool", [X], {"p": 2}),
    "global lp 3": Operator("GlobalLpPool", [X], {"p": 3}),
}


@pytest.mark.parametrize("name", OPERATORS)
def test_agrees_with_finite_differences(name: str) -> None:
    assert_agrees(OPERATORS[name])


def test_every_rule_of_the_family_is_tried() -> None:
    assert {o.op_type for o in OPERATORS.values()} == pooling.RULES.keys()


def test_a_tie_gives_all_to_the_first() -> None:
    pool = Operator("MaxPool", [("N", 1, 4)], {"kernel_shape": [2]}, low=3.0, high=3.0)
    found, feeds = gradients(pool, 1)
    a, b, c = feeds["cotangent/y0"][0, 0]
    np.testing.assert_allclose(found["x0"], [[[a, b, c, 0.0]]])


def test_a_tie_of_a_whole_channel_gives_all_to_the_first() -> None:
    found, feeds = gradients(Operator("GlobalMaxPool", [("N", 2, 1, 3)], low=3.0, high=3.0), 1)
    a, b = feeds["cotangent/y0"].reshape(-1)
    np.testing.assert_allclose(found["x0"], [[[[a, 0, 0]], [[b, 0, 0]]]])


def test_lp_pool_of_zeros_has_gradient_zero() -> None:
    found, _ = gradients(
        Operator("LpPool", [("N", 1, 4)], {"kernel_shape": [2]}, low=0.0, high=0.0), 1
    )
    assert (found["x0"] == 0).all()
