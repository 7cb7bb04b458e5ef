"""LSTM, GRU and RNN against torch.nn, in float64 and on ONNX Runtime."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from onnx import helper

from export.autodiff import UnsupportedOperator, differentiate
from tests.export.autodiff.finite_differences import (
    Arrays,
    Operator,
    assert_agrees,
    compare_single,
    open_session,
    run,
)
from tests.export.autodiff.pullback import pullback

STEPS, INPUTS, HIDDEN = 5, 3, 4
# Where torch keeps each gate of ONNX's order: LSTM i, o, f, c out of i, f, g, o; GRU z, r, h
# out of r, z, n.
GATES = {"LSTM": (0, 3, 1, 2), "GRU": (1, 0, 2), "RNN": (0,)}
LAYERS: dict[str, Any] = {"LSTM": torch.nn.LSTM, "GRU": torch.nn.GRU, "RNN": torch.nn.RNN}


@dataclass(frozen=True)
class Case:
    """A torch layer and the same layer as an ONNX node with dynamic batch."""

    layer: Any
    operator: Operator
    initial: int  # how many initial states the node has


def make_case(kind: str, directions: int = 1, initial: bool = False) -> Case:
    torch.manual_seed(0)
    layer = LAYERS[kind](INPUTS, HIDDEN, bidirectional=directions == 2).double()
    weights = [stacked(layer, kind, name, directions) for name in ("weight_ih", "weight_hh")]
    biases = [stacked(layer, kind, name, directions) for name in ("bias_ih", "bias_hh")]
    state = (directions, "N", HIDDEN)
    states = [state] * (2 if kind == "LSTM" else 1) if initial else []
    attributes: dict[str, Any] = {"hidden_size": HIDDEN}
    if kind == "GRU":
        attributes["linear_before_reset"] = 1
    if directions == 2:
        attributes["direction"] = "bidirectional"
    operator = Operator(
        kind,
        [(STEPS, "N", INPUTS), *weights, np.concatenate(biases, 1), None, *states],
        attributes,
        outputs=3 if kind == "LSTM" else 2,
        opset=18,
        wrt=(0, *range(5, 5 + len(states))),
    )
    return Case(layer, operator, len(states))


def stacked(layer: Any, kind: str, name: str, directions: int) -> np.ndarray:
    """A parameter of both directions in ONNX's order of gates."""
    found = []
    for suffix in ("_l0", "_l0_reverse")[:directions]:
        value = getattr(layer, name + suffix).detach().numpy()
        gates = np.split(value, len(GATES[kind]))
        found.append(np.concatenate([gates[g] for g in GATES[kind]]))
    return np.stack(found)


def by_torch(case: Case, feeds: Arrays) -> Arrays:
    """The gradients that torch gives for the same cotangents."""
    leaves = {f"x{i}": torch.from_numpy(feeds[f"x{i}"]).requires_grad_() for i in case.operator.wrt}
    states = [leaves[f"x{5 + i}"] for i in range(case.initial)]
    start = None if not states else states[0] if len(states) == 1 else tuple(states)
    sequence, last = case.layer(leaves["x0"], start)
    n = sequence.shape[1]
    # ONNX keeps the directions on an axis of their own: (T, directions, N, H)
    sequence = sequence.reshape(STEPS, n, -1, HIDDEN).transpose(1, 2)
    results = [sequence, *(last if isinstance(last, tuple) else (last,))]
    torch.autograd.backward(
        results, [torch.from_numpy(feeds[f"cotangent/y{i}"]) for i in range(len(results))]
    )
    return {name: leaf.grad.numpy() for name, leaf in leaves.items()}


def make_feeds(case: Case, batch: int) -> Arrays:
    rng = np.random.default_rng(batch)
    feeds = case.operator.feeds(batch, rng)
    directions = 2 if case.layer.bidirectional else 1
    state = (directions, batch, HIDDEN)
    shapes = [(STEPS, *state), state, state][: case.operator.outputs]
    return feeds | {f"cotangent/y{i}": rng.normal(size=s) for i, s in enumerate(shapes)}


@pytest.mark.parametrize("batch", [1, 7])
@pytest.mark.parametrize("initial", [False, True], ids=["zero start", "given start"])
@pytest.mark.parametrize("directions", [1, 2])
@pytest.mark.parametrize("kind", ["LSTM", "GRU", "RNN"])
def test_agrees_with_torch(kind: str, directions: int, initial: bool, batch: int) -> None:
    case = make_case(kind, directions, initial)
    feeds = make_feeds(case, batch)
    expected = by_torch(case, feeds)
    made = [f"y{i}" for i in range(case.operator.outputs)]
    found = run(pullback(case.operator.model(11), made, list(expected)), feeds)
    for name, reference in expected.items():
        np.testing.assert_allclose(found[f"gradient/{name}"], reference, rtol=1e-9, atol=1e-12)
    single = pullback(case.operator.model(1), made, list(expected))
    onnx.checker.check_model(single, full_check=True)
    compare_single(open_session(single), feeds, expected)


def weights(kind: str, gates: int) -> list[np.ndarray]:
    rng = np.random.default_rng(1)
    shapes = [(1, gates * HIDDEN, INPUTS), (1, gates * HIDDEN, HIDDEN), (1, 2 * gates * HIDDEN)]
    return [rng.normal(size=shape) for shape in shapes]


X = (STEPS, 7, INPUTS)
OTHERS = {
    "GRU, reset before the product": Operator(
        "GRU", [X, *weights("GRU", 3)], {"hidden_size": HIDDEN}, outputs=2, opset=18
    ),
    "LSTM with peepholes": Operator(
        "LSTM",
        [X, *weights("LSTM", 4), None, None, None, np.linspace(-1, 1, 3 * HIDDEN)[None]],
        {"hidden_size": HIDDEN},
        outputs=3,
        opset=18,
    ),
    "RNN, its weights": Operator(
        "RNN",
        [X, (1, HIDDEN, INPUTS), (1, HIDDEN, HIDDEN), (1, 2 * HIDDEN)],
        {"hidden_size": HIDDEN},
        outputs=2,
        opset=18,
        wrt=(0, 1, 2, 3),
        low=-1.0,
        high=1.0,
    ),
    "RNN, all lengths full": Operator(
        "RNN",
        [X, *weights("RNN", 1), np.full(7, STEPS, np.int32)],
        {"hidden_size": HIDDEN},
        outputs=2,
        opset=18,
    ),
}


@pytest.mark.parametrize("name", OTHERS)
def test_agrees_with_finite_differences(name: str) -> None:
    assert_agrees(OTHERS[name])


@pytest.mark.parametrize("direction", ["reverse", "bidirectional"])
def test_batch_first_and_backwards_is_forwards_on_transposed_flipped_inputs(direction: str) -> None:
    """layout 1 transposes; a reverse layer is a forward one on the sequence flipped."""
    rng = np.random.default_rng(5)
    x = rng.normal(size=(7, STEPS, INPUTS))
    count = 2 if direction == "bidirectional" else 1
    parameters = [np.concatenate([w] * count) for w in weights("GRU", 3)]
    common = {"hidden_size": HIDDEN}
    first = Operator(
        "GRU",
        [("N", STEPS, INPUTS), *parameters],
        {**common, "layout": 1, "direction": direction},
        outputs=2,
        opset=18,
    )
    plain = Operator("GRU", [X, *weights("GRU", 3)], common, outputs=2, opset=18)
    cotangent = rng.normal(size=(7, STEPS, count, HIDDEN))
    found = run(pullback(first.model(11), ["y0"], ["x0"]), {"x0": x, "cotangent/y0": cotangent})

    def forward(flip: bool, part: np.ndarray) -> np.ndarray:
        order = slice(None, None, -1) if flip else slice(None)
        feeds = {
            "x0": x.transpose(1, 0, 2)[order],
            "cotangent/y0": part.transpose(1, 0, 2)[order][:, None],
        }
        gradient = run(pullback(plain.model(11), ["y0"], ["x0"]), feeds)["gradient/x0"]
        return gradient[order].transpose(1, 0, 2)

    flips = [False, True] if count == 2 else [True]
    expected = sum(forward(flip, cotangent[:, :, i]) for i, flip in enumerate(flips))
    np.testing.assert_allclose(found["gradient/x0"], expected, rtol=1e-9, atol=1e-12)


UNUSUAL = {
    "LSTM": {
        "activations": ["HardSigmoid", "Softsign", "LeakyRelu"],
        "activation_alpha": [0.3, 0.1],
        "activation_beta": [0.4],
        "clip": 0.7,
    },
    "GRU": {"activations": ["Sigmoid", "Elu"], "activation_alpha": [0.8], "clip": 0.5},
    "RNN": {"activations": ["Relu"], "direction": "reverse"},
}


@pytest.mark.parametrize("kind", UNUSUAL)
def test_the_unrolled_layer_computes_what_onnx_runtime_does(kind: str) -> None:
    """Clipping and other activations, which onnx's evaluator leaves out of its layers."""
    settings = {"hidden_size": HIDDEN, **UNUSUAL[kind]}
    parameters = weights(kind, len(GATES[kind]))
    count = 3 if kind == "LSTM" else 2
    operator = Operator(kind, [X, *parameters], settings, outputs=count)
    model = operator.model(1)
    shapes = [(STEPS, 1, 7, HIDDEN), (1, 7, HIDDEN), (1, 7, HIDDEN)]
    for info, shape in zip(list(model.graph.output), shapes, strict=False):
        info.CopyFrom(helper.make_tensor_value_info(info.name, 1, shape))
    x = 3 * np.random.default_rng(2).normal(size=X).astype(np.float32)
    expected = open_session(model).run(None, {"x0": x})
    made = [f"y{i}" for i in range(count)]
    zeros = {f"cotangent/{y}": np.zeros(s, np.float32) for y, s in zip(made, shapes, strict=False)}
    found = open_session(pullback(model, made, ["x0"])).run(made, {"x0": x, **zeros})
    for value, reference in zip(found, expected, strict=True):
        np.testing.assert_allclose(value, reference, rtol=1e-4, atol=1e-5)


def test_time_invariant_work_is_done_once() -> None:
    """One product with the inputs, and a step's gradient costs no full-size Pad or Add."""
    case = make_case("LSTM")
    graph = pullback(case.operator.model(1), ["y0"], ["x0"]).graph
    with_x = [n for n in graph.node if n.op_type == "MatMul" and "x0" in n.input]
    assert len(with_x) == 1
    full = (STEPS, "N", 4 * HIDDEN)
    shapes = {
        v.name: tuple(d.dim_param or d.dim_value for d in v.type.tensor_type.shape.dim)
        for v in graph.value_info
    }
    wide = [n.op_type for n in graph.node if shapes.get(n.output[0]) == full]
    assert sorted(wide) == ["Add", "Add", "Concat", "MatMul"]


REFUSED = {
    "dynamic length": (Operator("RNN", [("N", 7, INPUTS), *weights("RNN", 1)]), "length"),
    "shorter sequences": (
        Operator("RNN", [X, *weights("RNN", 1), np.array([5, 5, 5, 5, 5, 5, 4], np.int32)]),
        "sequence_lens",
    ),
    "coupled gates": (
        Operator("LSTM", [X, *weights("LSTM", 4)], {"input_forget": 1}),
        "input_forget",
    ),
    "other activation": (
        Operator("RNN", [X, *weights("RNN", 1)], {"activations": ["ScaledTanh"]}),
        "ScaledTanh",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_unrolled_is_refused_with_the_reason(name: str) -> None:
    operator, reason = REFUSED[name]
    model = operator.model(1)
    model.graph.node[0].attribute.append(helper.make_attribute("hidden_size", HIDDEN))
    with pytest.raises(UnsupportedOperator, match=reason) as refusal:
        pullback(model, ["y0"], ["x0"])
    assert (refusal.value.op_type, refusal.value.node_name) == (operator.op_type, "it")


def test_a_classifier_on_the_last_state_agrees_with_torch() -> None:
    """The whole pass: (N, T, I) images through a transposed LSTM and a linear layer."""
    case = make_case("LSTM")
    head = torch.nn.Linear(HIDDEN, 3).double()
    model = classifier(case, head)
    explained = differentiate(model)
    onnx.checker.check_model(explained.model, full_check=True)
    images = np.random.default_rng(0).normal(size=(7, STEPS, INPUTS))
    target = np.arange(7) % 3
    leaf = torch.from_numpy(images).requires_grad_()
    logits = head(case.layer(leaf.transpose(0, 1))[0][-1])
    logits[torch.arange(7), torch.from_numpy(target)].sum().backward()
    session = open_session(explained.model)
    feeds = {"image": images.astype(np.float32), "target": target}
    found, gradient = session.run(["logits", "gradient"], feeds)
    np.testing.assert_allclose(found, logits.detach(), rtol=1e-5, atol=1e-6)
    assert np.linalg.norm(gradient - leaf.grad.numpy()) <= 1e-5 * leaf.grad.norm().item()


def classifier(case: Case, head: torch.nn.Linear) -> onnx.ModelProto:
    inner = case.operator.model(1).graph
    arrays = {
        "weight": head.weight.detach().numpy().astype(np.float32),
        "bias": head.bias.detach().numpy().astype(np.float32),
        "last": np.array(-1),
        "direction": np.array([1]),
    }
    nodes = [
        helper.make_node("Transpose", ["image"], ["x0"], perm=[1, 0, 2]),
        *inner.node,
        helper.make_node("Squeeze", ["y0", "direction"], ["sequence"]),
        helper.make_node("Gather", ["sequence", "last"], ["state"], axis=0),
        helper.make_node("Gemm", ["state", "weight", "bias"], ["out"], transB=1),
    ]
    constants = [
        *inner.initializer,
        *(onnx.numpy_helper.from_array(a, n) for n, a in arrays.items()),
    ]
    value = helper.make_tensor_value_info
    inputs = [value("image", 1, ["N", STEPS, INPUTS])]
    graph = helper.make_graph(nodes, "classifier", inputs, [value("out", 1, ["N", 3])], constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
