"""Attention against torch's scaled_dot_product_attention and against finite differences."""

import numpy as np
import onnx
import pytest
import torch

from export.autodiff import UnsupportedOperator
from tests.export.autodiff.finite_differences import (
    Arrays,
    Operator,
    Shape,
    assert_agrees,
    compare_single,
    open_session,
    run,
)
from tests.export.autodiff.pullback import pullback

Q: Shape = ("N", 4, 3, 8)  # (batch, heads, positions, size)
K: Shape = ("N", 4, 5, 8)
V: Shape = ("N", 4, 5, 6)
SHARED_K, SHARED_V = ("N", 2, 5, 8), ("N", 2, 5, 6)
RNG = np.random.default_rng(0)
MASK = RNG.normal(size=(3, 5))
SOME = np.array([[1, 0, 1, 0, 1], [0, 1, 1, 1, 0], [1, 1, 1, 1, 1]], bool)
NONE_IN_ROW_1 = SOME & np.array([[True], [False], [True]])
FLAT = {"q_num_heads": 4, "kv_num_heads": 2}

OPERATORS = {
    "4-D": Operator("Attention", [Q, K, V], opset=23, wrt=(0, 1, 2)),
    "scaled": Operator("Attention", [Q, K, V], {"scale": 0.5}, opset=23, wrt=(0, 1, 2)),
    "causal": Operator("Attention", [Q, K, V], {"is_causal": 1}, opset=23, wrt=(0, 1, 2)),
    "softcap": Operator("Attention", [Q, K, V], {"softcap": 1.5}, opset=23, wrt=(0, 1, 2)),
    "grouped queries": Operator(
        "Attention", [Q, SHARED_K, SHARED_V, MASK], {"is_causal": 1}, opset=23, wrt=(0, 1, 2)
    ),
    "3-D": Operator(
        "Attention", [("N", 3, 32), ("N", 5, 16), ("N", 5, 12)], FLAT, opset=23, wrt=(0, 1, 2)
    ),
    "float mask": Operator("Attention", [Q, K, V, (3, 5)], opset=23, wrt=(0, 1, 2, 3)),
    "mask with minus infinity": Operator(
        "Attention", [Q, K, V, np.where(SOME, MASK, -np.inf)], opset=23, wrt=(0, 1, 2)
    ),
    "mask a head": Operator(
        "Attention", [Q, SHARED_K, SHARED_V, RNG.normal(size=(4, 3, 5))], opset=23, wrt=(0, 1, 2)
    ),
    "mask a sample": Operator(
        "Attention", [Q, SHARED_K, SHARED_V, ("N", 1, 3, 5)], opset=23, wrt=(0, 3)
    ),
    "short mask": Operator("Attention", [Q, K, V, MASK[:, :3]], opset=24, wrt=(0, 1, 2)),
    "boolean mask": Operator("Attention", [Q, K, V, SOME], opset=23, wrt=(0, 1, 2)),
    "a row sees nothing": Operator("Attention", [Q, K, V, NONE_IN_ROW_1], opset=23, wrt=(0, 1, 2)),
    "past": Operator(
        "Attention",
        [Q, K, V, None, ("N", 4, 2, 8), ("N", 4, 2, 6)],
        {"is_causal": 1},
        outputs=3,
        opset=24,
        wrt=(0, 1, 2, 4, 5),
    ),
    "padded keys": Operator(
        "Attention",
        [(2, 4, 3, 8), (2, 4, 5, 8), (2, 4, 5, 6), None, None, None, np.array([3, 5])],
        {"is_causal": 1},
        opset=24,
        wrt=(0, 1, 2),
    ),
    **{
        f"its scores, stage {mode}": Operator(
            "Attention",
            [Q, K, V, RNG.normal(size=(3, 7)), ("N", 4, 2, 8), ("N", 4, 2, 6)],
            # onnx's evaluator caps stage 0 too, which the specification gives as it is.
            {"qk_matmul_output_mode": mode, "softcap": 2.0 if mode else 0.0},
            outputs=4,
            opset=23,
            wrt=(0, 1, 2),
        )
        for mode in range(4)
    },
}


@pytest.mark.parametrize("name", OPERATORS)
def test_agrees_with_finite_differences(name: str) -> None:
    assert_agrees(OPERATORS[name])


def torch_gradients(feeds: Arrays, **settings: object) -> Arrays:
    leaves = {n: torch.from_numpy(feeds[n]).requires_grad_() for n in ("x0", "x1", "x2")}
    y = torch.nn.functional.scaled_dot_product_attention(*leaves.values(), **settings)
    y.backward(torch.from_numpy(feeds["cotangent/y0"]))
    return {name: leaf.grad.numpy() for name, leaf in leaves.items()}


@pytest.mark.parametrize("batch", [1, 7])
@pytest.mark.parametrize(
    ("operator", "settings"),
    [
        (Operator("Attention", [Q, K, V], opset=23), {}),
        (Operator("Attention", [Q, Q, Q], {"is_causal": 1}, opset=23), {"is_causal": True}),
        (Operator("Attention", [Q, K, V, SOME], opset=23), {"attn_mask": torch.from_numpy(SOME)}),
        (Operator("Attention", [Q, SHARED_K, SHARED_V], opset=23), {"enable_gqa": True}),
    ],
    ids=["plain", "causal", "masked", "grouped"],
)
def test_agrees_with_torch(operator: Operator, settings: dict[str, object], batch: int) -> None:
    rng = np.random.default_rng(batch)
    feeds = operator.feeds(batch, rng)
    width = feeds["x2"].shape[-1]
    feeds["cotangent/y0"] = rng.normal(size=(batch, 4, 3, width))
    expected = torch_gradients(feeds, **settings)
    found = run(pullback(operator.model(11), ["y0"], list(expected)), feeds)
    for name, reference in expected.items():
        np.testing.assert_allclose(found[f"gradient/{name}"], reference, rtol=1e-9, atol=1e-12)
    single = pullback(operator.model(1), ["y0"], list(expected))
    onnx.checker.check_model(single, full_check=True)
    compare_single(open_session(single), feeds, expected)


def test_a_row_that_sees_no_key_is_zero_and_has_no_gradient() -> None:
    operator = OPERATORS["a row sees nothing"]
    rng = np.random.default_rng(0)
    feeds = operator.feeds(2, rng) | {"cotangent/y0": rng.normal(size=(2, 4, 3, 6))}
    found = run(pullback(operator.model(11), ["y0"], ["x0"]), feeds)
    assert not found["y0"][:, :, 1].any()
    assert not found["gradient/x0"][:, :, 1].any()
    assert found["gradient/x0"][:, :, 0].all()


def test_attention_across_the_samples_is_refused() -> None:
    """Queries, keys and values whose positions are the batch: every sample sees every other."""
    flat = {"q_num_heads": 1, "kv_num_heads": 1}
    operator = Operator("Attention", [(1, "N", 8)] * 3, flat, opset=23)
    with pytest.raises(UnsupportedOperator) as refusal:
        pullback(operator.model(1), ["y0"], ["x0"])
    assert (refusal.value.op_type, refusal.value.node_name) == ("Attention", "it")
