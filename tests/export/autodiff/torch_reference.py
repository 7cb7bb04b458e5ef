"""A second opinion in float64: an ONNX classifier run, and differentiated, by torch."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import onnx
import torch
import torch.nn.functional as F
from onnx import helper, numpy_helper
from torch import Tensor

Attributes = dict[str, Any]


def gradient(
    model: onnx.ModelProto, image: str, output: str, x: np.ndarray, target: Sequence[int]
) -> np.ndarray:
    """Return d output[n, target[n]] / d image by torch in float64, in the shape of ``x``."""
    inputs = torch.tensor(x, dtype=torch.float64, requires_grad=True)
    values = {w.name: _constant(w) for w in model.graph.initializer} | {image: inputs, "": None}
    for node in model.graph.node:
        attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        values[node.output[0]] = OPERATORS[node.op_type](
            attributes, *(values[name] for name in node.input)
        )
        if node.output[0] == output:
            break
    logits = values[output].flatten(1)
    score = logits[torch.arange(len(target)), torch.tensor(target)].sum()
    (found,) = torch.autograd.grad(score, inputs)
    return found.numpy()


def _constant(weight: onnx.TensorProto) -> Tensor:
    value = torch.from_numpy(numpy_helper.to_array(weight).copy())
    return value.double() if value.is_floating_point() else value


def _padded(a: Attributes, x: Tensor, fill: float = 0.0) -> Tensor:
    top, left, bottom, right = a.get("pads", [0, 0, 0, 0])
    return F.pad(x, (left, right, top, bottom), value=fill)


def _conv(a: Attributes, x: Tensor, w: Tensor, b: Tensor | None = None) -> Tensor:
    return F.conv2d(
        _padded(a, x), w, b, a.get("strides", 1), 0, a.get("dilations", 1), a.get("group", 1)
    )


def _max_pool(a: Attributes, x: Tensor) -> Tensor:
    return F.max_pool2d(_padded(a, x, -torch.inf), a["kernel_shape"], a.get("strides", 1))


def _average_pool(a: Attributes, x: Tensor) -> Tensor:
    size, steps = a["kernel_shape"], a.get("strides", 1)
    total = F.avg_pool2d(_padded(a, x), size, steps)
    if a.get("count_include_pad"):
        return total
    return total / F.avg_pool2d(_padded(a, torch.ones_like(x)), size, steps)


def _norm(a: Attributes, x: Tensor, *parameters: Tensor) -> Tensor:
    s, b, m, v = (p.reshape(-1, 1, 1) for p in parameters)
    return s * (x - m) / torch.sqrt(v + a.get("epsilon", 1e-5)) + b


def _gemm(a: Attributes, x: Tensor, w: Tensor, b: Tensor) -> Tensor:
    return x @ (w.T if a.get("transB") else w) + b


def _lrn(a: Attributes, x: Tensor) -> Tensor:
    before = (a["size"] - 1) // 2
    squares = F.pad(x**2, (0, 0, 0, 0, before, a["size"] - 1 - before))
    total = sum(squares[:, i : i + x.shape[1]] for i in range(a["size"]))
    return x / (a.get("bias", 1.0) + a["alpha"] / a["size"] * total) ** a["beta"]


def _reshape(a: Attributes, x: Tensor, shape: Tensor) -> Tensor:
    free = [len(x) if i == 0 and d == 1 else int(d) for i, d in enumerate(shape)]
    return x.reshape(free)


OPERATORS: dict[str, Callable[..., Tensor]] = {
    "Conv": _conv,
    "MaxPool": _max_pool,
    "AveragePool": _average_pool,
    "GlobalAveragePool": lambda a, x: x.mean((2, 3), keepdim=True),
    "BatchNormalization": _norm,
    "LRN": _lrn,
    "Gemm": _gemm,
    "Relu": lambda a, x: x.relu(),
    "Dropout": lambda a, x: x,
    "Concat": lambda a, *xs: torch.cat(xs, a["axis"]),
    "Sum": lambda a, *xs: sum(xs),
    "Add": lambda a, x, y: x + y,
    "Mul": lambda a, x, y: x * y,
    "Reshape": _reshape,
    "Transpose": lambda a, x: x.permute(a["perm"]),
    "Unsqueeze": lambda a, x: x[(..., *[None] * len(a["axes"]))],
    "Softmax": lambda a, x: x.flatten(1).softmax(1),
}
