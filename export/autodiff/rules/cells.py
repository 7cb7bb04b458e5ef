"""The steps of an LSTM, a GRU and an RNN, one after another.

Equations: https://onnx.ai/onnx/operators/ (LSTM, GRU, RNN). Where no state is given before the
first step, its terms fall away instead of being multiplied by zeros.
"""

from collections.abc import Callable
from dataclasses import dataclass

from export.autodiff.builder import Builder
from export.autodiff.node import Node
from export.autodiff.rules.axes import split_axis

Activation = Callable[[str], str]


@dataclass(frozen=True)
class Direction:
    """One direction's weights, all with its direction axis gone, and its functions."""

    inputs: str  # (I, gates * H)
    recurrent: str  # (H, gates * H)
    input_bias: str | None  # (gates * H,)
    recurrent_bias: str | None  # (gates * H,)
    peepholes: list[str]  # LSTM's (H,) for i, o and f, or none
    initial_h: str | None  # (1, N, H)
    initial_c: str | None  # (1, N, H)
    activations: tuple[Activation, ...]
    hidden: int


# (builder, node, direction, projected inputs a step) -> hidden states a step, last cell state
Chain = Callable[[Builder, Node, Direction, list[str]], tuple[list[str], str | None]]


def resets_inside(node: Node) -> bool:
    """Whether the reset gate multiplies the recurrent bias too."""
    return node.op_type == "GRU" and bool(node.attributes.get("linear_before_reset", 0))


def _clipped(b: Builder, node: Node, name: str) -> str:
    """Bound what goes into an activation, where the node asks for it."""
    limit = node.attributes.get("clip", 0.0)
    return b.op("Clip", name, -limit, limit) if limit else name


def lstm(
    b: Builder, node: Node, d: Direction, projected: list[str]
) -> tuple[list[str], str | None]:
    """``c = f * c + i * g(.)``, ``h = o * h(c)``; without a first state its terms fall away."""
    if node.attributes.get("input_forget", 0):
        raise b.refusal("coupled gates (input_forget) have no rule")
    f, g, h_of = d.activations
    h, c = d.initial_h, d.initial_c
    peep_i, peep_o, peep_f = d.peepholes or (None, None, None)

    def gate(x: str, peephole: str | None, cell: str | None) -> str:
        if peephole is not None and cell is not None:
            x = b.op("Add", x, b.op("Mul", peephole, cell))
        return f(_clipped(b, node, x))

    states = []
    for step in projected:
        x = step if h is None else b.op("Add", step, b.op("MatMul", h, d.recurrent))
        gates, xc = split_axis(b, x, 2, [3 * d.hidden, d.hidden])
        # The peepholes look at cells of different times; without them all gates open at once.
        together = gates if d.peepholes else f(_clipped(b, node, gates))
        i, o, keep = split_axis(b, together, 2, [d.hidden] * 3)  # (1, N, H) each
        if d.peepholes:
            i, keep = gate(i, peep_i, c), gate(keep, peep_f, c)
        new = b.op("Mul", i, g(_clipped(b, node, xc)))
        c = new if c is None else b.op("Add", b.op("Mul", keep, c), new)
        o = gate(o, peep_o, c) if d.peepholes else o
        h = b.op("Mul", o, h_of(c))
        states.append(h)
    return states, c


def gru(b: Builder, node: Node, d: Direction, projected: list[str]) -> tuple[list[str], str | None]:
    """``h = (1 - z) * candidate + z * h``."""
    f, g = d.activations
    inside = resets_inside(node)
    h, hidden = d.initial_h, d.hidden
    r_zr, r_h = split_axis(b, d.recurrent, 1, [2 * hidden, hidden])
    bias_zr, bias_h = None, None
    if inside and d.recurrent_bias is not None:
        bias_zr, bias_h = split_axis(b, d.recurrent_bias, 0, [2 * hidden, hidden])

    def plus(x: str, other: str | None) -> str:
        return x if other is None else b.op("Add", x, other)

    states = []
    for step in projected:
        x_zr, x_h = split_axis(b, step, 2, [2 * hidden, hidden])
        gates = plus(x_zr, bias_zr)
        if h is not None:
            gates = b.op("Add", gates, b.op("MatMul", h, r_zr))
        z, r = split_axis(b, f(_clipped(b, node, gates)), 2, [hidden, hidden])
        past: str | None = bias_h
        if h is not None and inside:
            past = plus(b.op("MatMul", h, r_h), bias_h)
        elif h is not None:
            past = b.op("MatMul", b.op("Mul", r, h), r_h)
        if past is not None and inside:
            past = b.op("Mul", r, past)
        candidate = g(_clipped(b, node, plus(x_h, past)))
        # (1 - z) * candidate + z * h, as candidate + z * (h - candidate)
        change = b.op("Neg", candidate) if h is None else b.op("Sub", h, candidate)
        h = b.op("Add", candidate, b.op("Mul", z, change))
        states.append(h)
    return states, None


def rnn(b: Builder, node: Node, d: Direction, projected: list[str]) -> tuple[list[str], str | None]:
    """``h = f(x W + h R + biases)``."""
    (f,) = d.activations
    h, states = d.initial_h, []
    for step in projected:
        x = step if h is None else b.op("Add", step, b.op("MatMul", h, d.recurrent))
        h = f(_clipped(b, node, x))
        states.append(h)
    return states, None


CHAINS: dict[str, Chain] = {"LSTM": lstm, "GRU": gru, "RNN": rnn}
