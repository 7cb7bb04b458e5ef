"""LSTM, GRU and RNN as a chain of steps, so that the rules of the steps differentiate them.

A lowering: it replaces the node before differentiation, for a sequence whose length is known.
What does not depend on time is taken out of the chain, the projection of all inputs being one
MatMul, and steps are cut with Split, whose gradient is one Concat: a Slice a step would cost a
full-size Pad and Add each. Equations and gate orders: https://onnx.ai/onnx/operators/ (LSTM: iofc,
GRU: zrh). Backpropagation through time: Werbos 1990; LSTM: Hochreiter and Schmidhuber 1997.
"""

from functools import partial

import numpy as np

from export.autodiff.builder import Builder, Lowering
from export.autodiff.node import Node
from export.autodiff.rules.axes import split_axis
from export.autodiff.rules.cells import CHAINS, Activation, Direction, resets_inside

_GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}
_ACTIVATIONS = {
    "LSTM": ("Sigmoid", "Tanh", "Tanh"),
    "GRU": ("Sigmoid", "Tanh"),
    "RNN": ("Tanh",),
}
# Activation names, lower case, to the operators that compute them, with what alpha and beta are.
_OPERATORS: dict[str, tuple[str, tuple[str, ...]]] = {
    "sigmoid": ("Sigmoid", ()),
    "tanh": ("Tanh", ()),
    "relu": ("Relu", ()),
    "softsign": ("Softsign", ()),
    "softplus": ("Softplus", ()),
    "leakyrelu": ("LeakyRelu", ("alpha",)),
    "elu": ("Elu", ("alpha",)),
    "hardsigmoid": ("HardSigmoid", ("alpha", "beta")),
}


def lower_recurrent(b: Builder, node: Node) -> list[str]:
    """Emit the steps of an LSTM, GRU or RNN; return the names that replace its outputs."""
    batch_first = node.attributes.get("layout", 0) == 1
    x = node.inputs[0]
    if batch_first:
        x = b.op("Transpose", x, perm=[1, 0, 2])
    steps = _sequence_length(b, node, 1 if batch_first else 0)
    names = {"forward": (False,), "reverse": (True,), "bidirectional": (False, True)}
    reverse = names[node.attributes["direction"]]
    states, finals, cells = [], [], []
    for index, backwards in enumerate(reverse):
        direction = _direction(b, node, index, len(reverse), batch_first)
        projected = _project(b, node, direction, x, steps, backwards)
        chain, cell = CHAINS[node.op_type](b, node, direction, projected)
        finals.append(chain[-1])
        cells.append(cell)
        ordered = chain[::-1] if backwards else chain
        joined = _join(b, ordered, 0)  # (T, N, H)
        states.append(b.op("Unsqueeze", joined, [1]))  # (T, 1, N, H)
    outputs = [_join(b, states, 1), _join(b, finals, 0)]
    if node.op_type == "LSTM":
        outputs.append(_join(b, [cell for cell in cells if cell is not None], 0))
    if batch_first:
        orders = ([2, 0, 1, 3], [1, 0, 2], [1, 0, 2])
        outputs = [b.op("Transpose", y, perm=p) for y, p in zip(outputs, orders, strict=False)]
    return outputs[: len(node.outputs)]


def _join(b: Builder, parts: list[str], axis: int) -> str:
    return parts[0] if len(parts) == 1 else b.op("Concat", *parts, axis=axis)


def _sequence_length(b: Builder, node: Node, axis: int) -> int:
    """Return the number of steps; refuse what is known at run time only."""
    steps = b.shape(node.inputs[0])[axis]
    if not isinstance(steps, int):
        raise b.refusal("its sequence length is dynamic: export it with a fixed one")
    if node.input(4):
        lengths = b.value(node.input(4))
        if lengths is None or np.any(lengths != steps):
            raise b.refusal("sequence_lens may cut samples short: drop that input")
    return steps


def _project(
    b: Builder, node: Node, direction: Direction, x: str, steps: int, backwards: bool
) -> list[str]:
    """Multiply the inputs of all steps at once; return (1, N, gates * H) for every step."""
    projected = b.op("MatMul", x, direction.inputs)  # (T, N, gates * H)
    if direction.input_bias is not None:
        projected = b.op("Add", projected, direction.input_bias)
    # A recurrent bias that is added outside every gate's product belongs to the inputs' as well.
    if direction.recurrent_bias is not None and not resets_inside(node):
        projected = b.op("Add", projected, direction.recurrent_bias)
    parts = [projected] if steps == 1 else split_axis(b, projected, 0, [1] * steps)
    return parts[::-1] if backwards else parts


def _direction(b: Builder, node: Node, index: int, count: int, batch_first: bool) -> Direction:
    """Take one direction out of the node's inputs and attributes."""
    kind = node.op_type
    hidden = b.size(node.inputs[2], 2)
    gates = _GATES[kind]

    def part(position: int) -> str | None:
        name = node.input(position)
        if name is None:
            return None
        if position in (5, 6) and batch_first:  # initial states (N, directions, H)
            name = b.op("Transpose", name, perm=[1, 0, 2])
        return name if count == 1 else split_axis(b, name, 0, [1] * count)[index]

    def matrix(position: int) -> str:
        """A (1, gates * H, I) weight as (I, gates * H)."""
        weight = part(position)
        assert weight is not None  # W and R are not optional
        return b.op("Transpose", b.op("Squeeze", weight, [0]), perm=[1, 0])

    def vectors(position: int, sizes: list[int]) -> list[str]:
        name = part(position)
        if name is None:
            return []
        squeezed = b.op("Squeeze", name, [0])
        return [squeezed] if len(sizes) == 1 else split_axis(b, squeezed, 0, sizes)

    biases = vectors(3, [gates * hidden] * 2)
    return Direction(
        inputs=matrix(1),
        recurrent=matrix(2),
        input_bias=biases[0] if biases else None,
        recurrent_bias=biases[1] if biases else None,
        peepholes=vectors(7, [hidden] * 3),
        initial_h=part(5),
        initial_c=part(6) if kind == "LSTM" else None,
        activations=_activations(b, node, index),
        hidden=hidden,
    )


def _activations(b: Builder, node: Node, index: int) -> tuple[Activation, ...]:
    """Return the functions f, g, h of one direction; alphas and betas are dealt out in order."""
    own = _ACTIVATIONS[node.op_type]
    names = node.attributes.get("activations", list(own) * 2)
    values = {
        "alpha": list(node.attributes.get("activation_alpha", [])),
        "beta": list(node.attributes.get("activation_beta", [])),
    }
    functions: list[Activation] = []
    for name in names:
        if name.lower() not in _OPERATORS:
            raise b.refusal(f"its activation {name} has no rule")
        op_type, parameters = _OPERATORS[name.lower()]
        attributes = {p: values[p].pop(0) for p in parameters if values[p]}
        functions.append(partial(_apply, b, op_type, attributes))
    return tuple(functions[index * len(own) : (index + 1) * len(own)])


def _apply(b: Builder, op_type: str, attributes: dict[str, float], name: str) -> str:
    return b.op(op_type, name, **attributes)


LOWERINGS: dict[str, Lowering] = dict.fromkeys(CHAINS, lower_recurrent)
