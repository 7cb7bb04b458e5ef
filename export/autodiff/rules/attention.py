"""Attention as its parts, so that the rules of the parts differentiate it.

A lowering: it replaces the node before differentiation by

    softmax(softcap(scale * Q K^T) + bias) V

(Vaswani et al. 2017, arXiv:1706.03762; grouped queries: Ainslie et al. 2023, arXiv:2305.13245;
softcap: Gemma 2, arXiv:2408.00118). Operator: https://onnx.ai/onnx/operators/onnx__Attention.html,
opset 23 to 25. Disallowed positions get a large negative bias rather than minus infinity, whose
softmax over a row without any allowed position is not a number; such a row gives zeros.
"""

import math
from dataclasses import dataclass

import numpy as np

from export.autodiff.builder import Builder, Lowering
from export.autodiff.node import Node
from export.autodiff.rules.axes import cast_like
from export.autodiff.shapes import Array

_BLOCKED = -1e30  # exp of it is 0 in any precision wider than half, and sums stay finite


@dataclass(frozen=True)
class _Heads:
    """The sizes of an Attention node, queries grouped by the keys they share."""

    keys: int  # key and value heads
    group: int  # query heads to a key head
    queries: int  # query positions
    past: int
    total: int  # key positions, the past included


def lower_attention(b: Builder, node: Node) -> list[str]:
    """Emit the parts of an Attention; return the names that replace its outputs."""
    flat = b.rank(node.inputs[0]) == 3
    q, k, v = (_to_heads(b, node, i, flat) for i in range(3))  # (N, heads, positions, size)
    k, v = _with_past(b, node, k, v)
    heads = _heads(b, node, q, k)
    scale = node.attributes.get("scale", 0.0) or 1 / math.sqrt(b.size(q, 3))
    qg = _grouped(b, q, heads)  # (N, key heads, group, S, size)
    kt = b.op("Transpose", b.op("Unsqueeze", k, [2]), perm=[0, 1, 2, 4, 3])
    scores = b.op("MatMul", b.op("Mul", qg, scale), kt)
    capped = _softcap(b, node, scores)
    bias = _bias(b, node, heads)
    masked = capped if bias is None else b.op("Add", capped, bias)
    probabilities = _softmax(b, node, masked)
    if bias is not None:
        probabilities = _without_blocked_rows(b, bias, probabilities)
    y = b.op("MatMul", probabilities, b.op("Unsqueeze", v, [2]))
    y = _ungrouped(b, y, heads)  # (N, heads, S, value size)
    if flat:
        y = b.op("Transpose", y, perm=[0, 2, 1, 3])
        y = b.reshape(y, (*b.shape(y)[:2], b.size(y, 2) * b.size(y, 3)))
    outputs = [y, k, v]
    if len(node.outputs) > 3:
        stages = [scores, capped, masked, probabilities]
        mode = node.attributes["qk_matmul_output_mode"]
        stage = stages[mode]
        if mode == 2 and bias is not None:
            blocked = b.op("Less", masked, _BLOCKED / 2)
            stage = b.op("Where", blocked, b.const(-np.inf, like=masked), masked)
        outputs.append(_ungrouped(b, stage, heads))
    return outputs[: len(node.outputs)]


def _to_heads(b: Builder, node: Node, index: int, flat: bool) -> str:
    """Return Q, K or V as (N, heads, positions, size)."""
    name = node.inputs[index]
    if not flat:
        return name
    heads = node.attributes["q_num_heads" if index == 0 else "kv_num_heads"]
    size = b.size(name, 2) // heads
    apart = b.reshape(name, (*b.shape(name)[:2], heads, size))
    return b.op("Transpose", apart, perm=[0, 2, 1, 3])


def _with_past(b: Builder, node: Node, k: str, v: str) -> tuple[str, str]:
    """Put the cached keys and values in front of the new ones."""
    past_key, past_value = node.input(4), node.input(5)
    if past_key is None or past_value is None:
        return k, v
    return b.op("Concat", past_key, k, axis=2), b.op("Concat", past_value, v, axis=2)


def _heads(b: Builder, node: Node, q: str, k: str) -> _Heads:
    keys, past = b.size(k, 1), node.input(4)
    return _Heads(
        keys=keys,
        group=b.size(q, 1) // keys,
        queries=b.size(q, 2),
        past=b.size(past, 2) if past else 0,
        total=b.size(k, 2),
    )


def _grouped(b: Builder, name: str, heads: _Heads) -> str:
    """(N, query heads, S, size) to (N, key heads, group, S, size)."""
    n, _, positions, size = b.shape(name)
    return b.reshape(name, (n, heads.keys, heads.group, positions, size))


def _ungrouped(b: Builder, name: str, heads: _Heads) -> str:
    """(N, key heads, group, S, size) to (N, query heads, S, size)."""
    n, _, _, positions, size = b.shape(name)
    return b.reshape(name, (n, heads.keys * heads.group, positions, size))


def _softcap(b: Builder, node: Node, scores: str) -> str:
    """``cap * tanh(scores / cap)``; a cap of zero is none."""
    cap = node.attributes["softcap"]
    if not cap:
        return scores
    return b.op("Mul", b.op("Tanh", b.op("Mul", scores, 1 / cap)), cap)


def _softmax(b: Builder, node: Node, scores: str) -> str:
    """Softmax over the keys, in the precision that the node asks for."""
    precision = node.attributes.get("softmax_precision")
    if precision is None:
        return b.op("Softmax", scores, axis=-1)
    wide = b.op("Softmax", b.op("Cast", scores, to=precision), axis=-1)
    return cast_like(b, wide, scores)


def _bias(b: Builder, node: Node, heads: _Heads) -> str | None:
    """Add up what is added to the scores: mask, causal order, windows, padding."""
    parts = [_mask(b, node, heads), *_positions(b, node, heads)]
    present = [part for part in parts if part is not None]
    return b.total(present) if present else None


def _mask(b: Builder, node: Node, heads: _Heads) -> str | None:
    """The attn_mask input as a bias that broadcasts to (N, key heads, group, S, T)."""
    name = node.input(3)
    if not name:
        return None
    if b.info(name).is_float:
        bias = b.op("Max", name, _BLOCKED)  # finite, where it holds minus infinity
    else:
        bias = b.op("Where", name, *_open_or_blocked(b, node))
    shape = list(b.shape(name))
    missing = heads.total - b.size(name, len(shape) - 1)
    if missing:
        pads = [0] * (2 * len(shape) - 1) + [missing]
        bias = b.op("Pad", bias, pads, b.const(_BLOCKED, like=bias))
        shape[-1] = heads.total
    if len(shape) < 3:
        return bias
    # (heads, S, T) or (N, heads, S, T): the axis of heads in two
    apart = [1, 1] if shape[-3] == 1 else [heads.keys, heads.group]
    return b.reshape(bias, (*shape[:-3], *apart, *shape[-2:]))


def _positions(b: Builder, node: Node, heads: _Heads) -> list[str | None]:
    """The biases that depend on positions only: causal order, windows, padded keys."""
    lengths = node.input(6)
    ahead = np.arange(heads.queries)[:, None] - np.arange(heads.total)[None, :]  # (S, T)
    if not lengths:
        allowed = _allowed(node, ahead + heads.past)
        if allowed.all():
            return []
        return [b.const(np.where(allowed, 0.0, _BLOCKED), like=node.inputs[0])]
    if node.input(4):
        raise b.refusal("nonpad_kv_seqlen excludes a past")
    counts = b.op("Reshape", lengths, [-1, 1, 1, 1, 1])  # (N, 1, 1, 1, 1)
    shown = [b.op("Less", np.arange(heads.total), counts)]
    # A query's position minus a key's: ahead + (count - S), for every sample
    distance = b.op("Add", ahead - heads.queries, counts)
    for low, high in _bounds(node):
        if low is not None:
            shown.append(b.op("GreaterOrEqual", distance, low))
        if high is not None:
            shown.append(b.op("LessOrEqual", distance, high))
    return [b.op("Where", where, *_open_or_blocked(b, node)) for where in shown]


def _bounds(node: Node) -> list[tuple[int | None, int | None]]:
    """The bounds on (query position - key position), each (at least, at most)."""
    # Windows came with opset 25.
    left = node.attributes.get("left_window_size", -1)
    right = node.attributes.get("right_window_size", -1)
    return [
        (0 if node.attributes["is_causal"] else None, None),
        (-right if right >= 0 else None, left if left >= 0 else None),
    ]


def _open_or_blocked(b: Builder, node: Node) -> tuple[str, str]:
    """The two values of a bias made from a boolean, in the type of the queries."""
    return b.const(0.0, like=node.inputs[0]), b.const(_BLOCKED, like=node.inputs[0])


def _allowed(node: Node, distance: Array) -> Array:
    allowed = np.ones_like(distance, dtype=bool)
    for low, high in _bounds(node):
        allowed &= True if low is None else distance >= low
        allowed &= True if high is None else distance <= high
    return allowed


def _without_blocked_rows(b: Builder, bias: str, probabilities: str) -> str:
    """Make a row of zeros of a query that may see no key at all."""
    value = b.value(bias)
    if value is not None and (np.max(value, axis=-1) > _BLOCKED / 2).all():
        return probabilities
    highest = b.op("ReduceMax", bias, [-1], keepdims=1)
    sees = cast_like(b, b.op("Greater", highest, _BLOCKED / 2), probabilities)
    return b.op("Mul", probabilities, sees)


LOWERINGS: dict[str, Lowering] = {"Attention": lower_attention}
