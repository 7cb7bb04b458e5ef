"""LRP's rules for the layers that have weights, and for those that normalise."""

from dataclasses import replace

import numpy as np

from export.autodiff.builder import Builder, Gradients, Rule
from export.autodiff.node import Node, view
from export.autodiff.rules import RULES
from export.autodiff.rules.axes import positive_axis
from export.autodiff.tables.guided_backprop import is_rectifier

EPSILON = 1e-6  # zennit's own, for both of the composite's rules
WITH_BIAS = frozenset({"Conv", "ConvTranspose", "Gemm", "MatMul", "Einsum"})
POSITIVE = frozenset({"Sigmoid", "Softplus", "Exp", "Softmax", "HardSigmoid", "Abs"})
KEEPS_SIGN = frozenset({"MaxPool", "AveragePool", "GlobalMaxPool", "GlobalAveragePool"})


def stabilise(b: Builder, z: str) -> str:
    """Return z + epsilon sign(z), where the sign of 0 is 1."""
    low, high = (b.const(value, like=z) for value in (-EPSILON, EPSILON))
    return b.op("Add", z, b.op("Where", b.op("Less", z, 0.0), low, high))


def divide_by_output(b: Builder, grad: str, node: Node) -> str:
    """Return the relevance by unit of a layer's output, its bias counted in."""
    z = _find_output(b, node)
    return b.op("Div", grad, stabilise(b, z))


def find_bias_sum(b: Builder, add: Node) -> str | None:
    """Return the linear layer's output that an Add of a constant completes, or None.

    MatMul and Conv are often exported without their bias, which an Add brings.
    """
    active = [name for name in add.inputs if b.needs_grad(name)]
    if len(add.inputs) != 2 or len(active) != 1:
        return None
    before, readers = b.graph.producer(active[0]), b.graph.readers(active[0])
    if before is None or before.op_type not in WITH_BIAS or len(readers) != 1:
        return None
    is_layer = sum(b.needs_grad(name) for name in before.input) == 1
    same = b.shape(active[0]) == b.shape(add.outputs[0])
    return active[0] if is_layer and same else None


def _find_output(b: Builder, node: Node) -> str:
    """Return a layer's output, after the Add of its bias if there is one."""
    added = _find_add(b, node)
    return added.outputs[0] if added else node.outputs[0]


def _find_add(b: Builder, node: Node) -> Node | None:
    readers = b.graph.readers(node.outputs[0])
    if len(readers) != 1 or readers[0].op_type != "Add":
        return None
    found = view(readers[0], b.graph.opset)
    is_bias = b.needs_grad(found.outputs[0]) and find_bias_sum(b, found) == node.outputs[0]
    return found if is_bias else None


def _find_added_bias(b: Builder, node: Node) -> str | None:
    added = _find_add(b, node)
    return next((n for n in added.inputs if not b.needs_grad(n)), None) if added else None


# --- z+ -----------------------------------------------------------------------------------------


def conv_plus(b: Builder, node: Node, grad: str) -> Gradients:
    """Parts of the positive contributions: x+ w+ with b+, and x- w- (Bach et al., alpha 1, beta 0).

    An input that is nowhere negative has no second part.
    """
    x, weight = node.inputs[:2]
    if any(b.needs_grad(name) for name in node.inputs[1:]):
        raise b.refusal("its kernel is computed from the image; only constant kernels have a rule")
    halves = [(x, _upper(b, weight))]
    if not is_nowhere_negative(b, x):
        halves = [(_upper(b, x), _upper(b, weight)), (_lower(b, x), _lower(b, weight))]
    outputs = [_run(b, node, *half) for half in halves]
    outputs += [_upper(b, bias) for bias in _biases(b, node)]
    share = b.op("Div", grad, stabilise(b, b.total(outputs)))
    back = [_back(b, node, *half, share) for half in halves]
    parts = [b.op("Mul", part, by) for (part, _), by in zip(halves, back, strict=True)]
    return [b.total(parts)]


def _biases(b: Builder, node: Node) -> list[str]:
    """Return the biases, shaped to be added to the output."""
    own, added = node.input(2), _find_added_bias(b, node)
    biases = [added] if added else []
    if own:
        biases.append(b.op("Reshape", own, [1, -1] + [1] * (b.rank(node.outputs[0]) - 2)))
    return biases


def _run(b: Builder, node: Node, x: str, weight: str) -> str:
    given = {k: v for k, v in node.attributes.items() if v is not None}
    return b.op(node.op_type, x, weight, **given)


def _back(b: Builder, node: Node, x: str, weight: str, share: str) -> str:
    """Return what the convolution of one half hands back to its input."""
    half = replace(node, inputs=(x, weight))
    found = RULES[node.op_type](b, half, share)[0]
    assert found is not None
    return found


def _upper(b: Builder, name: str) -> str:
    return b.op("Relu", name)


def _lower(b: Builder, name: str) -> str:
    return b.op("Min", name, b.const(0.0, like=name))


def is_nowhere_negative(b: Builder, name: str) -> bool:
    """Whether a tensor's operator gives nothing below zero."""
    proto = b.graph.producer(name)
    if proto is None:
        return False
    if proto.op_type in KEEPS_SIGN:
        return is_nowhere_negative(b, proto.input[0])
    return proto.op_type in POSITIVE or is_rectifier(b, view(proto, b.graph.opset))


# --- Normalising --------------------------------------------------------------------------------


def normalisation(op_type: str) -> Rule:
    """Make the rule of a layer y = scale (x - mean) r + bias: linear, with r held constant.

    d y / d x is then scale r, less the mean of what goes back (Ali et al. 2022, section 4.2).
    """

    def rule(b: Builder, node: Node, grad: str, *rest: str | None) -> Gradients:
        x = node.inputs[0]
        if any(b.needs_grad(name) for name in node.inputs[1:]):
            raise b.refusal("its scale or bias is computed from the picture")
        share = divide_by_output(b, grad, node)
        return [b.op("Mul", x, _LINEARISED[op_type](b, node, share))]

    return rule


def _layer(b: Builder, node: Node, share: str) -> str:
    x, scale = node.inputs[:2]
    axes = list(range(positive_axis(b, x, node.attributes["axis"]), b.rank(x)))
    return _constant_deviation(b, node, (x, b.op("Mul", share, scale)), axes)


def _rms(b: Builder, node: Node, share: str) -> str:
    x, scale = node.inputs[:2]
    axes = list(range(positive_axis(b, x, node.attributes["axis"]), b.rank(x)))
    return _constant_deviation(b, node, (x, b.op("Mul", share, scale)), axes, is_centred=False)


def _instance(b: Builder, node: Node, share: str) -> str:
    x, scale = node.inputs[:2]
    h = b.op("Mul", share, b.op("Reshape", scale, [-1] + [1] * (b.rank(x) - 2)))
    return _constant_deviation(b, node, (x, h), list(range(2, b.rank(x))))


def _group(b: Builder, node: Node, share: str) -> str:
    x, scale = node.inputs[:2]
    groups, channels = node.attributes["num_groups"], b.size(x, 1)
    members = int(np.prod([b.size(x, axis) for axis in range(2, b.rank(x))]))
    grouped = (b.shape(x)[0], groups, channels // groups, members)
    each = b.op("Reshape", scale, [1, groups, channels // groups, 1])
    h = b.op("Mul", b.reshape(share, grouped), each)
    return b.reshape_like(_constant_deviation(b, node, (b.reshape(x, grouped), h), [2, 3]), x)


def _constant_deviation(
    b: Builder, node: Node, given: tuple[str, str], axes: list[int], is_centred: bool = True
) -> str:
    """Return r (h - mean(h)) of x and h = scale * share; r h without centring."""
    x, h = given
    c = b.op("Sub", x, b.op("ReduceMean", x, axes, keepdims=1)) if is_centred else x
    square = b.op("ReduceMean", b.op("Mul", c, c), axes, keepdims=1)
    root = b.op("Sqrt", b.op("Add", square, float(node.attributes["epsilon"])))
    scaled = b.op("Div", h, root)
    if not is_centred:
        return scaled
    return b.op("Sub", scaled, b.op("ReduceMean", scaled, axes, keepdims=1))


_LINEARISED = {
    "LayerNormalization": _layer,
    "RMSNormalization": _rms,
    "InstanceNormalization": _instance,
    "GroupNormalization": _group,
}
