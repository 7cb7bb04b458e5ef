"""Which layer of an uploaded network Grad-CAM should look at. Runs in the sandbox."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import onnx

Shape = tuple[int | None, ...]

CONVOLUTIONS = frozenset({"Conv", "ConvTranspose"})
_POOLS = frozenset({"MaxPool", "AveragePool", "LpPool"})
_ATTENTION = frozenset({"Softmax", "Attention", "MultiHeadAttention"})

# What leaves (N, C, H, W) what it is. Transpose, Reshape and reductions do not.
_PRESERVING = frozenset(
    {"Add", "Sub", "Mul", "Div", "Sum", "Max", "Min", "Pow", "Where", "Concat", "Pad", "Dropout"}
    | {"Relu", "Clip", "LeakyRelu", "PRelu", "Elu", "Selu", "Celu", "Sigmoid", "HardSigmoid"}
    | {"HardSwish", "Mish", "Gelu", "Tanh", "Softplus", "Softsign", "Erf", "Identity", "Swish"}
    | {"BatchNormalization", "InstanceNormalization", "GroupNormalization", "LRN", "Cast"}
    | {"LpNormalization", "Resize", "Upsample", "DepthToSpace"}
)


def choose_layer(
    nodes: Sequence[onnx.NodeProto], output: str, shapes: Mapping[str, Shape]
) -> str | None:
    """Return the last convolutional activation on the way to ``output``, or None.

    It has the shape (N, C, H, W), with H and W above 1, comes from a convolution, and was turned or
    pooled by nothing since. Where a transformer only cuts its patches by a convolution there is
    none: what comes of that single layer says little about the score.
    """
    wanted = _find_path(nodes, output)
    is_image: set[str] = set()
    n_convolutions, chosen, chosen_after = 0, None, 0
    attention_since = False
    for node in nodes:
        if not wanted.intersection(node.output):
            continue
        is_attention = node.op_type in _ATTENTION and output not in node.output  # no final Softmax
        attention_since = attention_since or is_attention
        n_convolutions += node.op_type in CONVOLUTIONS
        if not _keeps_image(node, is_image):
            continue
        name = node.output[0]
        is_image.add(name)
        if node.op_type not in _POOLS and _is_map(shapes.get(name, ())):
            chosen, chosen_after, attention_since = name, n_convolutions, False
    return None if chosen_after <= 1 and attention_since else chosen


def _find_path(nodes: Sequence[onnx.NodeProto], output: str) -> set[str]:
    wanted = {output}
    for node in reversed(nodes):
        if wanted.intersection(node.output):
            wanted.update(node.input)
    return wanted


def _keeps_image(node: onnx.NodeProto, is_image: set[str]) -> bool:
    if node.op_type in CONVOLUTIONS:
        return True
    keeps = node.op_type in _PRESERVING or node.op_type in _POOLS
    return keeps and any(name in is_image for name in node.input)


def _is_map(shape: Shape) -> bool:
    return len(shape) == 4 and all(dim is not None and dim > 1 for dim in shape[2:])
