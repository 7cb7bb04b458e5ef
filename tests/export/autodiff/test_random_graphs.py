"""Random graphs: whatever operators meet, the gradient is torch's."""

from dataclasses import dataclass

import numpy as np
import onnx
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from export.autodiff import UnsupportedGraph, differentiate
from export.autodiff.deploy import create_explainer
from export.autodiff.interpreter import Interpreter
from export.autodiff.laws import check_laws
from export.autodiff.tables import TABLES
from tests.export.autodiff.tiny_graphs import relative, run_in_double

CHANNELS, SIZE, CLASSES = 4, 6, 3

# Smooth, so that float64 has no kinks to disagree about; each keeps (N, 4, 6, 6).
UNARY = {
    "Tanh": torch.tanh,
    "Sigmoid": torch.sigmoid,
    "Sin": torch.sin,
    "Softplus": F.softplus,
    "Neg": torch.neg,
    "Exp": torch.exp,
    "Identity": lambda x: x,
}
BINARY = {"Add": torch.add, "Sub": torch.sub, "Mul": torch.mul, "Max": torch.maximum}
MOVES = ("turn", "cut", "fold", "stretch")


@dataclass(frozen=True)
class Step:
    """One operator of a random graph, on one or two of the tensors made so far."""

    kind: str
    first: int
    second: int
    seed: int


KINDS = [*UNARY, *BINARY, *MOVES, "conv", "depthwise", "mean", "softmax", "row"]
STEPS = st.lists(
    st.builds(
        Step, st.sampled_from(KINDS), st.integers(0, 9), st.integers(0, 9), st.integers(0, 9)
    ),
    min_size=1,
    max_size=9,
)


class Graph:
    """The same random graph twice: as ONNX nodes, and as torch tensors in float64."""

    def __init__(self, image: torch.Tensor) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []
        self.made: list[tuple[str, torch.Tensor]] = [("image", image)]

    def op(self, op_type: str, *inputs: str, **attributes: object) -> str:
        name = f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(op_type, inputs, [name], **attributes))
        return name

    def weight(self, value: np.ndarray) -> str:
        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(value, name))
        return name

    def add(self, step: Step) -> None:
        x, a = self.made[step.first % len(self.made)]
        y, b = self.made[step.second % len(self.made)]
        draw = np.random.default_rng(step.seed).normal
        if step.kind in UNARY:
            made = self.op(step.kind, x), UNARY[step.kind](a)
        elif step.kind in BINARY:
            made = self.op(step.kind, x, y), BINARY[step.kind](a, b)
        elif step.kind in ("conv", "depthwise"):
            group = CHANNELS if step.kind == "depthwise" else 1
            w = draw(size=(CHANNELS, CHANNELS // group, 3, 3)) / 4
            name = self.op("Conv", x, self.weight(w), pads=[1] * 4, group=group)
            made = name, F.conv2d(a, torch.tensor(w), padding=1, groups=group)
        elif step.kind == "row":
            row = draw(size=(CHANNELS, 1, SIZE))
            made = self.op("Mul", self.weight(row), x), torch.tensor(row) * a
        elif step.kind == "mean":
            axes = self.weight(np.array([1 + step.seed % 3]))
            mean = a.mean(1 + step.seed % 3, keepdim=True)
            made = self.op("Add", x, self.op("ReduceMean", x, axes)), a + mean
        elif step.kind == "softmax":
            axis = 1 + step.seed % 3
            made = self.op("Softmax", x, axis=axis), a.softmax(axis)
        else:
            made = self._move(step.kind, x, a)
        self.made.append(made)

    def _move(self, kind: str, x: str, a: torch.Tensor) -> tuple[str, torch.Tensor]:
        if kind == "turn":
            return self.op("Transpose", x, perm=[0, 1, 3, 2]), a.transpose(2, 3)
        if kind == "cut":
            start, end, axis = (self.weight(np.array([i])) for i in (1, 3, 1))
            part = self.op("Slice", x, start, end, axis)
            return self.op("Concat", part, part, axis=1), torch.cat([a[:, 1:3]] * 2, 1)
        if kind == "fold":
            flat = self.op("Reshape", x, self.weight(np.array([-1, SIZE])))
            back = self.weight(np.array([-1, CHANNELS, SIZE, SIZE]))
            return self.op("Reshape", self.op("Tanh", flat), back), a.tanh()
        axis = self.weight(np.array([2]))
        row = self.op("ReduceSum", x, axis, keepdims=1)
        shape = self.weight(np.array([1, 1, SIZE, 1]))
        return self.op("Expand", row, shape), a.sum(2, keepdim=True).expand_as(a)

    def model(self) -> onnx.ModelProto:
        flat = self.op("Flatten", self.made[-1][0])
        size = CHANNELS * SIZE * SIZE
        head = np.random.default_rng(0).normal(size=(size, CLASSES)) / size
        self.op("MatMul", flat, self.weight(head))
        self.logits = self.made[-1][1].flatten(1) @ torch.tensor(head)
        names = [("image", ["N", CHANNELS, SIZE, SIZE]), (self.nodes[-1].output[0], ["N", CLASSES])]
        inputs, outputs = (
            [helper.make_tensor_value_info(n, TensorProto.DOUBLE, s)] for n, s in names
        )
        graph = helper.make_graph(self.nodes, "random", inputs, outputs, self.weights)
        opsets = [helper.make_opsetid("", 18)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=10)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(steps=STEPS, batch=st.sampled_from([1, 2, 3]))
def test_random_graph_agrees_with_torch(steps: list[Step], batch: int) -> None:
    x = np.random.default_rng(1).normal(size=(batch, CHANNELS, SIZE, SIZE)) / 4
    image = torch.tensor(x, requires_grad=True)
    graph = Graph(image)
    for step in steps:
        graph.add(step)
    if graph.made[-1][0] == "image":
        graph.made.append((graph.op("Tanh", "image"), image.tanh()))
    model = graph.model()
    if not torch.isfinite(graph.logits).all() or graph.logits.abs().max() > 1e6:
        return  # exponentials of exponentials: no number to compare
    target = np.arange(batch) % CLASSES
    score = graph.logits[torch.arange(batch), torch.tensor(target)].sum()
    (expected,) = torch.autograd.grad(score, image)
    found = differentiate(model)
    onnx.checker.check_model(found.model, full_check=True)
    result = run_in_double(found, x, target)
    np.testing.assert_allclose(result["logits"], graph.logits.detach(), rtol=1e-9, atol=1e-9)
    if float(expected.abs().max()) < 1e-12:
        assert np.abs(result["gradient"]).max() < 1e-11
    else:
        assert relative(result["gradient"], expected.numpy()) < 1e-9


@settings(max_examples=60, deadline=None, derandomize=True)
@given(steps=STEPS)
def test_random_graph_is_shared_out_by_deeplift_to_the_last_part(steps: list[Step]) -> None:
    """Whatever operators meet, the multipliers times the change are the change of the score."""
    x, blank = np.random.default_rng(1).normal(size=(2, 3, CHANNELS, SIZE, SIZE)) / 4
    graph = Graph(torch.tensor(x))
    for step in steps:
        graph.add(step)
    if graph.made[-1][0] == "image":
        graph.made.append((graph.op("Tanh", "image"), graph.made[-1][1].tanh()))
    model = graph.model()
    if not torch.isfinite(graph.logits).all() or graph.logits.abs().max() > 1e3:
        return
    target = np.arange(3) % CLASSES
    explainer = create_explainer(model, "deeplift").model
    run = Interpreter(explainer).run
    found = run({"image": x, "target": target, "baseline": blank})
    other = run({"image": blank, "target": target, "baseline": blank})
    rows = np.arange(3)
    change = (found["logits"] - other["logits"])[rows, target]
    if np.abs(other["logits"]).max() > 1e3:
        return
    np.testing.assert_allclose(found["attributions"].sum((1, 2, 3)), change, rtol=1e-6, atol=1e-7)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(steps=STEPS, table=st.sampled_from(sorted(TABLES)))
def test_every_node_of_a_random_graph_follows_its_law(steps: list[Step], table: str) -> None:
    graph = Graph(torch.zeros(2, CHANNELS, SIZE, SIZE, dtype=torch.float64))
    for step in steps:
        graph.add(step)
    if graph.made[-1][0] == "image":
        graph.made.append((graph.op("Tanh", "image"), graph.made[-1][1].tanh()))
    model = graph.model()
    if sum(step.kind == "Exp" for step in steps) > 1:
        return  # exponentials of exponentials: no number to compare
    try:
        found = differentiate(model, table=table)
    except UnsupportedGraph as error:  # a Softmax that is no attention's, or nothing but gates
        assert table == "lrp" and ("Softmax" in str(error) or "does not depend" in str(error))
        return
    agreement = check_laws(found)
    assert agreement.error <= 1e-4, agreement
