"""The three tables of rules written out in torch, in float64: a second opinion on every node.

The forward pass is torch's, node by node. Going back, a linear node is transposed by torch's own
autograd; what a table does differently is written out here as its paper has it.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import onnx
import torch
import torch.nn.functional as F
from onnx import helper, numpy_helper
from torch import Tensor

EPSILON, NEAR, SLACK = 1e-6, 1e-6, 1e-5
Attributes = dict[str, Any]
Run = Callable[..., Tensor]


def carry(
    model: onnx.ModelProto,
    table: str,
    x: np.ndarray,
    target: Sequence[int],
    *,
    folder: str = "",
    baseline: float = 0.0,
    output: str | None = None,
) -> np.ndarray:
    """Return the attributions (N, ...) of ``x`` by a table of rules.

    Weights whose BatchNormalization follows must have been folded before.
    """
    image, output = model.graph.input[0].name, output or model.graph.output[0].name
    here = _forward(model, {image: torch.tensor(x, dtype=torch.float64)}, folder, output)
    blank = torch.full_like(here.values[image], baseline)
    there = _forward(model, {image: blank}, folder, output)
    start = torch.zeros_like(here.values[output])
    start[torch.arange(len(target)), torch.tensor(target)] = 1.0
    carried = {output: start * here.values[output] if table == "lrp" else start}
    for index in reversed(range(len(here.nodes))):
        node = here.nodes[index]
        out = carried.get(node.output[0])
        if out is None:
            continue
        handed = RULES[table](Step(here, there, index), out)
        for name, part in handed.items():
            carried[name] = carried[name] + part if name in carried else part
    found = carried[image]
    if table == "deeplift":
        found = found * (here.values[image] - blank)
    return found.detach().numpy()


class Pass:
    """A forward pass: the nodes that ran, and every tensor's value."""

    def __init__(self, values: dict[str, Tensor], active: set[str]) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.values = values
        self.active = active


def _forward(model: onnx.ModelProto, feeds: dict[str, Tensor], folder: str, output: str) -> Pass:
    weights = {w.name: _constant(w, folder) for w in model.graph.initializer}
    done = Pass({**weights, **feeds}, set(feeds))
    for node in model.graph.node:
        run = bind(node)
        inputs = [done.values[name] for name in node.input if name]
        done.values[node.output[0]] = run(*inputs)
        done.nodes.append(node)
        is_moving = any(name in done.active for name in node.input)
        if is_moving and node.op_type != "Shape":
            done.active.add(node.output[0])
        if node.output[0] == output:
            break
    return done


def _constant(weight: onnx.TensorProto, folder: str) -> Tensor:
    value = torch.from_numpy(numpy_helper.to_array(weight, folder).copy())
    return value.double() if value.is_floating_point() else value


def bind(node: onnx.NodeProto) -> Run:
    """Return a node's function of its inputs."""
    attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    return lambda *inputs: OPERATORS[node.op_type](attributes, *inputs)


class Step:
    """One node on the way back, in both runs."""

    def __init__(self, here: Pass, there: Pass, index: int) -> None:
        self.here, self.there, self.node = here, there, here.nodes[index]
        self.kind, self.run = self.node.op_type, bind(self.node)
        self.attributes = {a.name: helper.get_attribute_value(a) for a in self.node.attribute}
        self.names = [name for name in self.node.input if name]
        self.active = [i for i, name in enumerate(self.names) if name in here.active]
        self.inputs = [here.values[name] for name in self.names]
        self.twins = [there.values[name] for name in self.names]
        self.y, self.y_twin = (each.values[self.node.output[0]] for each in (here, there))

    def pull(self, out: Tensor, inputs: Sequence[Tensor] | None = None) -> dict[str, Tensor]:
        """Return out * d y / d input for every active input, by torch's autograd."""
        given = list(self.inputs if inputs is None else inputs)
        for i in self.active:
            given[i] = given[i].detach().requires_grad_(True)
        leaves = [given[i] for i in self.active]
        with torch.enable_grad():
            found = torch.autograd.grad(self.run(*given), leaves, out, allow_unused=True)
        handed: dict[str, Tensor] = {}
        for i, part in zip(self.active, found, strict=True):
            if part is not None:
                handed[self.names[i]] = handed.get(self.names[i], 0.0) + part
        return handed


# --- Guided Backprop ----------------------------------------------------------------------------


def guided(step: Step, out: Tensor) -> dict[str, Tensor]:
    is_relu = step.kind == "Relu" or (step.kind == "Clip" and float(step.inputs[1]) == 0.0)
    return step.pull(out.clamp(min=0) if is_relu else out)


# --- DeepLIFT -----------------------------------------------------------------------------------

UNARY = {"Relu", "Clip", "Erf", "Tanh", "Sigmoid", "Softplus", "LeakyRelu", "Gelu", "Exp", "Sqrt"}


def deeplift(step: Step, out: Tensor) -> dict[str, Tensor]:
    if step.kind in UNARY:
        x, twin = step.inputs[0], step.twins[0]
        slope, change = step.pull(out)[step.names[0]], x - twin
        rescaled = out * (step.y - step.y_twin) / change
        return {step.names[0]: torch.where(change.abs() < NEAR, slope, rescaled)}
    if step.kind in ("Mul", "MatMul") and len(step.active) == 2:
        here, there = step.pull(out), step.pull(out, step.twins)
        return {name: (here[name] + there[name]) / 2 for name in here}
    if step.kind == "MaxPool":
        (x,), (twin,) = step.inputs, step.twins
        further, change = torch.maximum(step.y, step.y_twin), x - twin
        won = _to_first(step, x, step.y, out * (further - step.y_twin))
        lost = _to_first(step, twin, step.y_twin, out * (step.y - further))
        near = _to_first(step, x, step.y, out)
        return {step.names[0]: torch.where(change.abs() < NEAR, near, (won + lost) / change)}
    if step.kind == "Softmax":
        return {step.names[0]: _softmax_by_parts(step.inputs[0], step.twins[0], out)}
    if step.kind == "LayerNormalization":
        return {step.names[0]: _layer_norm_by_parts(step, out)}
    return step.pull(out)


def _to_first(step: Step, x: Tensor, y: Tensor, out: Tensor) -> Tensor:
    """Give each window's value to the first element that is its largest up to rounding."""
    kernel, stride = step.attributes["kernel_shape"], step.attributes["strides"]
    assert "pads" not in step.attributes or not any(step.attributes["pads"])
    n, channels = x.shape[:2]
    windows = F.unfold(x, kernel, stride=stride).reshape(n, channels, -1, y[0, 0].numel())
    flat = y.reshape(n, channels, 1, -1)
    first = ((windows - flat).abs() <= SLACK * (1 + flat.abs())).double().argmax(2, keepdim=True)
    chosen = torch.zeros_like(windows).scatter_(2, first, out.reshape(flat.shape))
    return F.fold(chosen.flatten(1, 2), x.shape[2:], kernel, stride=stride)


def _rescale(function: Run, slope: Run, x: Tensor, twin: Tensor, out: Tensor) -> Tensor:
    change = x - twin
    return out * torch.where(change.abs() < NEAR, slope(x), (function(x) - function(twin)) / change)


def _softmax_by_parts(x: Tensor, twin: Tensor, out: Tensor) -> Tensor:
    """y = exp(x - log(sum(exp(x)))), the last axis: from the last part to the first."""
    e, e_twin = x.exp(), twin.exp()
    s, s_twin = e.sum(-1, keepdim=True), e_twin.sum(-1, keepdim=True)
    by_u = _rescale(torch.exp, torch.exp, x - s.log(), twin - s_twin.log(), out)
    by_log = -by_u.sum(-1, keepdim=True)
    by_s = _rescale(torch.log, lambda v: 1 / v, s, s_twin, by_log)
    return by_u + _rescale(torch.exp, torch.exp, x, twin, by_s.expand_as(x))


def _layer_norm_by_parts(step: Step, out: Tensor) -> Tensor:
    """c = x - mean(x), v = mean(c^2) + epsilon, r = v^(-1/2), y = scale * c * r + bias."""
    epsilon = next((a.f for a in step.node.attribute if a.name == "epsilon"), 1e-5)
    (c, v), (c_twin, v_twin) = (_centre(x, epsilon) for x in (step.inputs[0], step.twins[0]))
    r, r_twin = v.rsqrt(), v_twin.rsqrt()
    h = out * step.inputs[1]
    by_r = (h * (c + c_twin) / 2).sum(-1, keepdim=True)
    by_v = _rescale(torch.rsqrt, lambda w: -0.5 * w**-1.5, v, v_twin, by_r)
    by_c = h * (r + r_twin) / 2 + by_v * (c + c_twin) / c.shape[-1]
    return by_c - by_c.mean(-1, keepdim=True)


def _centre(x: Tensor, epsilon: float) -> tuple[Tensor, Tensor]:
    c = x - x.mean(-1, keepdim=True)
    return c, (c**2).mean(-1, keepdim=True) + epsilon


# --- LRP ----------------------------------------------------------------------------------------


def stabilise(z: Tensor) -> Tensor:
    return z + EPSILON * torch.where(z < 0, -1.0, 1.0)


def lrp(step: Step, out: Tensor) -> dict[str, Tensor]:
    if step.kind == "Conv":
        return {step.names[0]: _z_plus(step, out)}
    if step.kind in UNARY:
        return {step.names[0]: out}
    if step.kind == "LayerNormalization":
        return {step.names[0]: _affine_norm(step, out)}
    if step.kind in ("Mul", "Div") and len(step.active) == 1:
        return {step.names[step.active[0]]: out}
    if step.kind in ("Mul", "MatMul") and len(step.active) == 2:
        gate = next((i for i in (0, 1) if _is_gate(step, step.names[i])), None)
        parts = step.pull(out / stabilise(step.y))
        if gate is not None:
            signal = step.names[1 - gate]
            return {signal: step.here.values[signal] * parts[signal]}
        return {name: step.here.values[name] * part / 2 for name, part in parts.items()}
    if step.kind == "Add" and len(step.active) == 1 and _is_bias(step):
        return {step.names[step.active[0]]: out}
    if step.kind in ("Add", "Gemm", "MatMul", "ReduceMean", "GlobalAveragePool", "AveragePool"):
        parts = step.pull(out / stabilise(_with_bias(step)))
        return {name: step.here.values[name] * part for name, part in parts.items()}
    assert step.kind in ("MaxPool", *MOVING), step.kind
    return step.pull(out)


def _z_plus(step: Step, out: Tensor) -> Tensor:
    """Bach et al. 2015, equation 60, with alpha = 1 and beta = 0, signs of the input included."""
    x, w, *b = step.inputs
    positive = b[0].clamp(min=0).reshape(1, -1, 1, 1) if b else 0.0
    x_up, x_down = (x.clamp(**k).requires_grad_(True) for k in ({"min": 0}, {"max": 0}))
    with torch.enable_grad():
        parts = step.run(x_up, w.clamp(min=0)) + step.run(x_down, w.clamp(max=0))
        share = out / stabilise((parts + positive).detach())
        up, down = torch.autograd.grad(parts, (x_up, x_down), share)
    return (x_up * up + x_down * down).detach()


def _affine_norm(step: Step, out: Tensor) -> Tensor:
    """Ali et al. 2022: the deviation is a constant, what is left is linear."""
    x = step.inputs[0].detach().requires_grad_(True)
    epsilon = next((a.f for a in step.node.attribute if a.name == "epsilon"), 1e-5)
    with torch.enable_grad():
        c, v = _centre(x, epsilon)
        y = step.inputs[1] * c / v.detach().sqrt() + step.inputs[2]
        (part,) = torch.autograd.grad(y, x, out / stabilise(step.y))
    return (x * part).detach()


def _is_gate(step: Step, name: str) -> bool:
    makers = {node.output[0]: node for node in step.here.nodes}
    while name in makers:
        node = makers[name]
        if node.op_type in ("Softmax", "Sigmoid", "Erf"):
            return True
        active = [n for n in node.input if n in step.here.active]
        if node.op_type not in ("Add", "Mul", "Transpose", "Reshape") or len(active) > 1:
            return False
        name = active[0]
    return False


def _is_bias(step: Step) -> bool:
    makers = {node.output[0]: node for node in step.here.nodes}
    before = makers.get(step.names[step.active[0]])
    return (
        before is not None
        and before.op_type == "MatMul"
        and sum(name in step.here.active for name in before.input) == 1
        and step.y.shape == step.inputs[step.active[0]].shape
    )


def _with_bias(step: Step) -> Tensor:
    """Return a MatMul's output with the bias that an Add brings."""
    readers = [n for n in step.here.nodes if step.node.output[0] in n.input]
    if step.kind != "MatMul" or len(readers) != 1 or readers[0].op_type != "Add":
        return step.y
    added = [n for n in readers[0].input if n not in step.here.active]
    return step.here.values[readers[0].output[0]] if added else step.y


RULES: dict[str, Callable[[Step, Tensor], dict[str, Tensor]]] = {
    "guided_backprop": guided,
    "deeplift": deeplift,
    "lrp": lrp,
}


# --- Operators ----------------------------------------------------------------------------------


def _conv(a: Attributes, x: Tensor, w: Tensor, b: Tensor | None = None) -> Tensor:
    padded = _pad(a, x, 0.0)
    steps, spread, group = a.get("strides", 1), a.get("dilations", 1), a.get("group", 1)
    return F.conv2d(padded, w, b, steps, 0, spread, group)


def _pad(a: Attributes, x: Tensor, fill: float) -> Tensor:
    top, left, bottom, right = a.get("pads", [0, 0, 0, 0])
    return F.pad(x, (left, right, top, bottom), value=fill)


def _max_pool(a: Attributes, x: Tensor) -> Tensor:
    padded = _pad(a, x, -torch.inf)
    return F.max_pool2d(padded, a["kernel_shape"], a.get("strides", 1))


def _average_pool(a: Attributes, x: Tensor) -> Tensor:
    return F.avg_pool2d(x, a["kernel_shape"], a.get("strides", 1))


def _gemm(a: Attributes, x: Tensor, w: Tensor, b: Tensor) -> Tensor:
    return x @ (w.T if a.get("transB") else w) + b


def _reshape(a: Attributes, x: Tensor, shape: Tensor) -> Tensor:
    sizes = [x.shape[i] if d == 0 else int(d) for i, d in enumerate(shape)]
    return x.reshape(sizes)


def _slice(a: Attributes, x: Tensor, starts: Tensor, ends: Tensor, *more: Tensor) -> Tensor:
    axes = more[0] if more else torch.arange(len(starts))
    steps = more[1] if len(more) > 1 else torch.ones_like(starts)
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        places = range(x.shape[int(axis)])[int(start) : int(end) : int(step)]
        x = x.index_select(int(axis), torch.tensor(list(places)))
    return x


def _layer_norm(a: Attributes, x: Tensor, scale: Tensor, bias: Tensor) -> Tensor:
    return F.layer_norm(x, x.shape[-1:], scale, bias, a.get("epsilon", 1e-5))


def _gather(a: Attributes, x: Tensor, index: Tensor) -> Tensor:
    picked = x.index_select(a.get("axis", 0), index.reshape(-1))
    return picked if index.ndim else picked.squeeze(a.get("axis", 0))


def _cast(a: Attributes, x: Tensor) -> Tensor:
    return x.long() if a["to"] == onnx.TensorProto.INT64 else x.double()


def _shape(a: Attributes, x: Tensor) -> Tensor:
    return torch.tensor(x.shape)[a.get("start", 0) : a.get("end")]


MOVING = ("Reshape", "Transpose", "Squeeze", "Unsqueeze", "Slice", "Gather", "Concat", "Flatten")
MOVING = (*MOVING, "Cast", "Expand", "Identity")

OPERATORS: dict[str, Run] = {
    "Conv": _conv,
    "MaxPool": _max_pool,
    "AveragePool": _average_pool,
    "GlobalAveragePool": lambda a, x: x.mean((2, 3), keepdim=True),
    "ReduceMean": lambda a, x, axes: x.mean([int(i) for i in axes], bool(a.get("keepdims", 1))),
    "Gemm": _gemm,
    "MatMul": lambda a, x, y: x @ y,
    "Add": lambda a, x, y: x + y,
    "Mul": lambda a, x, y: x * y,
    "Div": lambda a, x, y: x / y,
    "Relu": lambda a, x: x.relu(),
    "Clip": lambda a, x, low, high: x.clamp(float(low), float(high)),
    "Erf": lambda a, x: torch.erf(x),
    "Tanh": lambda a, x: x.tanh(),
    "Sigmoid": lambda a, x: x.sigmoid(),
    "Softplus": lambda a, x: F.softplus(x),
    "Gelu": lambda a, x: x / 2 * (1 + torch.erf(x / math.sqrt(2))),
    "Softmax": lambda a, x: x.softmax(a.get("axis", -1)),
    "LayerNormalization": _layer_norm,
    "Reshape": _reshape,
    "Flatten": lambda a, x: x.flatten(1),
    "Transpose": lambda a, x: x.permute(a["perm"]),
    "Squeeze": lambda a, x, axes: x.squeeze([int(i) for i in axes]),
    "Unsqueeze": lambda a, x, axes: _unsqueeze(x, [int(i) for i in axes]),
    "Slice": _slice,
    "Gather": _gather,
    "Concat": lambda a, *xs: torch.cat(xs, a["axis"]),
    "Cast": _cast,
    "Shape": _shape,
    "Expand": lambda a, x, shape: x.expand(torch.broadcast_shapes(x.shape, tuple(map(int, shape)))),
    "Identity": lambda a, x: x,
}


def _unsqueeze(x: Tensor, axes: Sequence[int]) -> Tensor:
    for axis in sorted(axes):
        x = x.unsqueeze(axis)
    return x
