"""Operators that mix the samples of a batch: their gradient is not one sample's own.

A sum over the batch, or a product that contracts it, makes each sample's score depend on the other
samples. The gradient graph returns one gradient a sample, so such a graph is refused by name.
"""

from collections.abc import Callable, Iterable

from export.autodiff.builder import Builder
from export.autodiff.errors import UnsupportedOperator
from export.autodiff.node import Node
from export.autodiff.shapes import Batch

HINT = "it mixes the samples of a batch; keep the batch as an axis of its own"


def refuse_coupling(b: Builder, node: Node) -> None:
    """Raise where a node mixes values along an axis that grows with the batch.

    Raises:
        UnsupportedOperator: it does, or its output has two such axes.
    """
    mixed = MIXED.get(node.op_type, _none)
    for name, axes in mixed(b, node):
        rank = b.rank(name)
        if any(isinstance(b.shape(name)[axis % rank], Batch) for axis in axes):
            raise UnsupportedOperator(node.op_type, node.name, HINT)
    for name in node.outputs:
        if name and sum(isinstance(d, Batch) for d in b.shape(name)) > 1:
            raise UnsupportedOperator(node.op_type, node.name, HINT)


Mixed = Iterable[tuple[str, Iterable[int]]]


def _none(b: Builder, node: Node) -> Mixed:
    return ()


def _all_but_first(b: Builder, node: Node) -> Mixed:
    """Convolutions and pools: the channels and the spatial axes."""
    return [(node.inputs[0], range(1, b.rank(node.inputs[0])))]


def _from_axis(b: Builder, node: Node) -> Mixed:
    """Layer norms: their axis and every later one."""
    rank = b.rank(node.inputs[0])
    return [(node.inputs[0], range(int(node.attributes["axis"]) % rank, rank))]


def _along_axis(b: Builder, node: Node) -> Mixed:
    return [(node.inputs[0], [int(node.attributes["axis"])])]


def _along_input_axis(b: Builder, node: Node) -> Mixed:
    axis = b.value(node.input(1))
    return [(node.inputs[0], [] if axis is None else [int(axis.reshape(()))])]


def _reduced(b: Builder, node: Node) -> Mixed:
    axes = b.value(node.input(1))
    if axes is not None and axes.size:
        return [(node.inputs[0], [int(a) for a in axes])]
    if node.attributes["noop_with_empty_axes"]:
        return ()
    return [(node.inputs[0], range(b.rank(node.inputs[0])))]


def _sliced(b: Builder, node: Node) -> Mixed:
    """A slice of the whole batch is none: older exporters write x[:, 1:] as two."""
    before, after = b.shape(node.inputs[0]), b.shape(node.outputs[0])
    return [(node.inputs[0], [i for i, d in enumerate(before) if d != after[i]])]


def _matmul(b: Builder, node: Node) -> Mixed:
    left, right = node.inputs
    return [(left, [-1]), (right, [-2 if b.rank(right) > 1 else -1])]


def _gemm(b: Builder, node: Node) -> Mixed:
    left, right = node.inputs[:2]
    return [
        (left, [0 if node.attributes["transA"] else 1]),
        (right, [1 if node.attributes["transB"] else 0]),
    ]


def _einsum(b: Builder, node: Node) -> Mixed:
    terms, _, result = node.attributes["equation"].replace(" ", "").partition("->")
    if "..." in terms or not result:
        return ()
    return [
        (name, [i for i, letter in enumerate(term) if letter not in result])
        for name, term in zip(node.inputs, terms.split(","), strict=True)
    ]


def _batch_norm(b: Builder, node: Node) -> Mixed:
    every = range(b.rank(node.inputs[0])) if node.attributes["training_mode"] else range(0)
    return [(node.inputs[0], every)]


REDUCTIONS = ("Sum", "Mean", "Max", "Min", "Prod", "L1", "L2", "SumSquare", "LogSum", "LogSumExp")
POOLS = ("MaxPool", "AveragePool", "LpPool", "GlobalMaxPool", "GlobalAveragePool", "GlobalLpPool")

MIXED: dict[str, Callable[[Builder, Node], Mixed]] = {
    **{f"Reduce{kind}": _reduced for kind in REDUCTIONS},
    **dict.fromkeys(POOLS, _all_but_first),
    **dict.fromkeys(
        ("Conv", "ConvTranspose", "LRN", "DepthToSpace", "SpaceToDepth"), _all_but_first
    ),
    **dict.fromkeys(("InstanceNormalization", "GroupNormalization"), _all_but_first),
    **dict.fromkeys(("LayerNormalization", "RMSNormalization"), _from_axis),
    **dict.fromkeys(("Softmax", "LogSoftmax", "LpNormalization"), _along_axis),
    **dict.fromkeys(("Gather", "GatherElements", "ScatterElements", "Split"), _along_axis),
    "CumSum": _along_input_axis,
    "BatchNormalization": _batch_norm,
    "Slice": _sliced,
    "MatMul": _matmul,
    "Gemm": _gemm,
    "Einsum": _einsum,
}
