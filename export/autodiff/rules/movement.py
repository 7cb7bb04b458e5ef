"""Gradients of the operators that rearrange a tensor: shapes, joins, copies, casts.

All are linear, and none computes: each gradient puts ``dy`` back where ``x`` came from, adding up
where an element was copied. Operators: https://onnx.ai/onnx/operators/.
"""

import numpy as np

from export.autodiff.builder import Builder, Gradients, Rule
from export.autodiff.node import Node
from export.autodiff.rules.axes import (
    cast_like,
    constant_ints,
    pad_axes,
    positive_axis,
    refuse_batch,
    split_axis,
)
from export.autodiff.shapes import Dim


def identity(b: Builder, node: Node, grad: str) -> Gradients:
    """``dx = dy``."""
    return [grad]


def dropout(b: Builder, node: Node, grad: str, mask_grad: str | None = None) -> Gradients:
    """Inference mode is the identity; training mode is random and refused."""
    mode, ratio = node.input(2), b.value(node.input(1))
    drops = ratio is None or ratio.any()
    value = b.value(mode)
    if mode is not None and drops and (value is None or value.any()):
        raise b.refusal("training mode is random: export the model in eval mode")
    return [grad]


def same_elements(b: Builder, node: Node, grad: str) -> Gradients:
    """Reshape and its kin keep the elements in order: ``dx`` is ``dy`` in the shape of x."""
    return [b.reshape_like(grad, node.inputs[0])]


def transpose(b: Builder, node: Node, grad: str) -> Gradients:
    """The inverse permutation."""
    rank = b.rank(node.inputs[0])
    perm = node.attributes.get("perm", range(rank)[::-1])
    return [b.op("Transpose", grad, perm=[int(p) for p in np.argsort(perm)])]


def expand(b: Builder, node: Node, grad: str) -> Gradients:
    """The sum over the axes that were broadcast."""
    return [b.unbroadcast(grad, node.inputs[0])]


def concat(b: Builder, node: Node, grad: str) -> Gradients:
    """Each input takes its own stretch of ``dy``."""
    axis = positive_axis(b, node.outputs[0], node.attributes["axis"])
    sizes = [b.size(name, axis) for name in node.inputs]
    if len(sizes) == 1:
        return [grad]
    return split_axis(b, grad, axis, sizes)


def split(b: Builder, node: Node, *grads: str | None) -> Gradients:
    """The gradients of the parts, joined; a part nobody uses counts as zeros."""
    axis = positive_axis(b, node.inputs[0], node.attributes["axis"])
    refuse_batch(b, node.inputs[0], [axis])
    sizes = [b.size(name, axis) for name in node.outputs]
    used = [i for i, grad in enumerate(grads) if grad is not None]
    parts = [grads[i] or b.zeros_like(node.outputs[i]) for i in range(used[0], used[-1] + 1)]
    joined = parts[0] if len(parts) == 1 else b.op("Concat", *parts, axis=axis)
    # Zeros at either end are cheaper as padding.
    before, after = sum(sizes[: used[0]]), sum(sizes[used[-1] + 1 :])
    return [pad_axes(b, joined, {axis: (before, after)})]


def tile(b: Builder, node: Node, grad: str) -> Gradients:
    """The sum over the copies: axes split into (copies, length), the copies reduced."""
    x = node.inputs[0]
    repeats = constant_ints(b, node, 1, "repeats") or []
    refuse_batch(b, x, [axis for axis, times in enumerate(repeats) if times != 1])
    shape: list[Dim] = []
    copies: list[int] = []
    for size, times in zip(b.shape(x), repeats, strict=True):
        if times != 1:
            copies.append(len(shape))
            shape.append(times)
        shape.append(size)
    if not copies:
        return [grad]
    apart = b.reshape(grad, tuple(shape))
    return [b.op("ReduceSum", apart, copies, keepdims=0)]


def cast(b: Builder, node: Node, grad: str) -> Gradients:
    """Cast back to the type of x (CastLike takes its own from a second input)."""
    return [cast_like(b, grad, node.inputs[0])]


def trilu(b: Builder, node: Node, grad: str) -> Gradients:
    """The same triangle of ``dy``."""
    rank = b.rank(node.inputs[0])
    refuse_batch(b, node.inputs[0], [rank - 2, rank - 1])
    return [b.op("Trilu", grad, *node.inputs[1:], upper=node.attributes["upper"])]


def depth_to_space(b: Builder, node: Node, grad: str) -> Gradients:
    """SpaceToDepth, its channels reordered where the mode is CRD.

    SpaceToDepth orders channels as (block, block, C); CRD reads them as (C, block, block).
    """
    block = node.attributes["blocksize"]
    back = b.op("SpaceToDepth", grad, blocksize=block)
    if node.attributes["mode"] == "DCR":
        return [back]
    channels = b.size(node.inputs[0], 1)
    order = np.arange(channels).reshape(block * block, -1).T.reshape(-1)
    return [b.op("Gather", back, order.tolist(), axis=1)]


def space_to_depth(b: Builder, node: Node, grad: str) -> Gradients:
    """DepthToSpace in the same mode: DCR before opset 28, which added the choice."""
    mode = node.attributes.get("mode", "DCR")
    return [b.op("DepthToSpace", grad, blocksize=node.attributes["blocksize"], mode=mode)]


RULES: dict[str, Rule] = {
    "Identity": identity,
    "Dropout": dropout,
    "Reshape": same_elements,
    "Flatten": same_elements,
    "Squeeze": same_elements,
    "Unsqueeze": same_elements,
    "Transpose": transpose,
    "Expand": expand,
    "Concat": concat,
    "Split": split,
    "Tile": tile,
    "Cast": cast,
    "CastLike": cast,
    "Trilu": trilu,
    "DepthToSpace": depth_to_space,
    "SpaceToDepth": space_to_depth,
}
