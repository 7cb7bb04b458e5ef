"""Softmax, the norms and LRN against finite differences, torch's conventions and refusals."""

import numpy as np
import pytest
import torch

from export.autodiff import UnsupportedOperator
from tests.export.autodiff.finite_differences import (
    Operator,
    assert_agrees,
    compare_single,
    gradients,
    open_session,
    outputs,
    wrt,
)
from tests.export.autodiff.pullback import pullback

RNG = np.random.default_rng(0)
C = RNG.uniform(0.5, 1.5, 6)
CHW = RNG.uniform(0.5, 1.5, (6, 3, 2))
IMAGE = ("N", 6, 4, 5)

OPERATORS = {
    "softmax": Operator("Softmax", [("N", 5)]),
    "softmax over channels": Operator("Softmax", [IMAGE], {"axis": 1}),
    "softmax, negative axis": Operator("Softmax", [("N", 3, 4)], {"axis": -2}),
    "log-softmax": Operator("LogSoftmax", [("N", 5)]),
    "log-softmax over channels": Operator("LogSoftmax", [IMAGE], {"axis": 1}),
    "layer norm": Operator("LayerNormalization", [("N", 3, 6), C, C]),
    "layer norm without bias": Operator("LayerNormalization", [("N", 3, 6), C]),
    "layer norm over three axes": Operator(
        "LayerNormalization", [("N", 6, 3, 2), CHW, CHW], {"axis": 1, "epsilon": 0.1}
    ),
    "layer norm, its scale and bias": Operator(
        "LayerNormalization", [("N", 3, 6), (6,), (6,)], wrt=(0, 1, 2)
    ),
    "layer norm, its statistics": Operator(
        "LayerNormalization", [("N", 3, 6), C, C], {"epsilon": 0.1}, outputs=3
    ),
    "RMS norm": Operator("RMSNormalization", [("N", 3, 6), C], opset=23),
    "RMS norm, its scale": Operator(
        "RMSNormalization", [("N", 3, 2), (3, 2)], {"axis": 1}, opset=23, wrt=(0, 1)
    ),
    "batch norm": Operator("BatchNormalization", [IMAGE, C, C, C, C], {"epsilon": 0.1}),
    "batch norm of vectors": Operator("BatchNormalization", [("N", 6), C, C, C, C]),
    "batch norm, its parameters": Operator(
        "BatchNormalization", [IMAGE, (6,), (6,), (6,), (6,)], wrt=range(5), low=0.5
    ),
    "instance norm": Operator("InstanceNormalization", [IMAGE, C, C]),
    "instance norm, its parameters": Operator(
        "InstanceNormalization", [("N", 6, 5), (6,), (6,)], wrt=(0, 1, 2)
    ),
    "group norm": Operator(
        "GroupNormalization",
        [IMAGE, (6,), (6,)],
        {"num_groups": 3, "stash_type": 11},
        opset=21,
        wrt=(0, 1, 2),
    ),
    # onnx's evaluator takes no absolute value for p = 1: only there are negative numbers wrong.
    "L1 norm": Operator("LpNormalization", [("N", 4, 3)], {"p": 1, "axis": 1}, low=0.1),
    "L2 norm": Operator("LpNormalization", [("N", 4, 3)], {"p": 2, "axis": -1}),
}


@pytest.mark.parametrize("name", OPERATORS)
def test_agrees_with_finite_differences(name: str) -> None:
    assert_agrees(OPERATORS[name])


REFUSED = {
    "group norm of opset 18": Operator(
        "GroupNormalization", [IMAGE, C[:2], C[:2]], {"num_groups": 2}
    ),
    "softmax over the batch": Operator("Softmax", [("N", 5)], {"axis": 0}),
    "layer norm over the batch": Operator("LayerNormalization", [("N", 6), C, C], {"axis": 0}),
    "batch norm in training mode": Operator(
        "BatchNormalization", [IMAGE, C, C, C, C], {"training_mode": 1}, outputs=3
    ),
    "Lp norm over the batch": Operator("LpNormalization", [("N", 6)], {"axis": 0}),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_couples_samples_or_is_deprecated_is_refused_by_name(name: str) -> None:
    operator = REFUSED[name]
    with pytest.raises(UnsupportedOperator) as refusal:
        pullback(operator.model(1), outputs(operator)[:1], wrt(operator))
    assert (refusal.value.op_type, refusal.value.node_name) == (operator.op_type, "it")
    assert refusal.value.hint


@pytest.mark.parametrize("batch", [1, 7])
def test_lrn_agrees_with_torch(batch: int) -> None:
    """onnx's evaluator fills as many channels as there are samples; torch stands in for it."""
    settings = {"size": 5, "alpha": 0.5, "beta": 0.75, "bias": 1.5}
    operator = Operator("LRN", [("N", 7, 4, 5)], settings)
    found, feeds = gradients(operator, batch)
    x = torch.from_numpy(feeds["x0"]).requires_grad_()
    y = torch.nn.functional.local_response_norm(x, 5, alpha=0.5, beta=0.75, k=1.5)
    y.backward(torch.from_numpy(feeds["cotangent/y0"]))
    np.testing.assert_allclose(found["x0"], x.grad, rtol=1e-9, atol=1e-12)
    single = pullback(operator.model(1), ["y0"], ["x0"])
    compare_single(open_session(single), feeds, found)


@pytest.mark.parametrize("power", [1, 2])
def test_lp_normalization_agrees_with_torch_below_zero(power: int) -> None:
    operator = Operator("LpNormalization", [("N", 4, 3)], {"p": power, "axis": 1})
    x = np.random.default_rng(3).normal(size=(7, 4, 3)).astype(np.float32)
    cotangent = np.random.default_rng(4).normal(size=x.shape).astype(np.float32)
    leaf = torch.from_numpy(x).requires_grad_()
    torch.nn.functional.normalize(leaf, p=power, dim=1).backward(torch.from_numpy(cotangent))
    session = open_session(pullback(operator.model(1), ["y0"], ["x0"]))
    compare_single(session, {"x0": x, "cotangent/y0": cotangent}, {"x0": leaf.grad.numpy()})


def test_softmax_gradient_of_one_sample_by_hand() -> None:
    """Two classes, p = sigmoid(a - b): dp1/da = p1 p2 = -dp1/db."""
    found, feeds = gradients(Operator("Softmax", [("N", 2)]), batch=1)
    a, b = feeds["x0"][0]
    u, v = feeds["cotangent/y0"][0]
    p = 1 / (1 + np.exp(b - a))
    slope = p * (1 - p) * (u - v)
    np.testing.assert_allclose(found["x0"], [[slope, -slope]], rtol=1e-12)


def test_layer_norm_gradient_is_orthogonal_to_what_it_removes() -> None:
    """With epsilon 0 the output ignores shifts and scalings of x, so dx is orthogonal to both."""
    operator = Operator("LayerNormalization", [("N", 6), C], {"epsilon": 0.0})
    found, feeds = gradients(operator, batch=3)
    dx, x = found["x0"], feeds["x0"]
    np.testing.assert_allclose(dx.sum(axis=1), 0.0, atol=1e-12)
    np.testing.assert_allclose((dx * x).sum(axis=1), 0.0, atol=1e-12)
