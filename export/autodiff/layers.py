"""Which tensor of a network is the last map of places: the layer that Grad-CAM looks at."""

from collections.abc import Iterable, Mapping

import onnx

Shape = tuple[int | None, ...]

_CONVOLUTIONS = frozenset({"Conv", "ConvTranspose"})
_POOLS = frozenset({"MaxPool", "AveragePool", "LpPool"})
ATTENTION = frozenset({"Softmax", "Attention", "MultiHeadAttention"})

# What leaves (N, C, H, W) what it is. Transpose, Reshape and reductions do not.
_PRESERVING = frozenset(
    {"Add", "Sub", "Mul", "Div", "Sum", "Max", "Min", "Pow", "Where", "Concat", "Pad", "Dropout"}
    | {"Relu", "Clip", "LeakyRelu", "PRelu", "Elu", "Selu", "Celu", "Sigmoid", "HardSigmoid"}
    | {"HardSwish", "Mish", "Gelu", "Tanh", "Softplus", "Softsign", "Erf", "Identity", "Swish"}
    | {"BatchNormalization", "InstanceNormalization", "GroupNormalization", "LRN", "Cast"}
    | {"LpNormalization", "Resize", "Upsample", "DepthToSpace"}
)


def find_last_map(nodes: Iterable[onnx.NodeProto], shapes: Mapping[str, Shape]) -> str | None:
    """Return the last tensor that comes from a convolution and is a map still, or None.

    ``nodes`` are those on the way to the score, in their order. A map is (N, C, H, W) with H and W
    above 1, turned or pooled by nothing since the convolution. Where a transformer only cuts its
    patches by a convolution there is none: what comes of that single layer says little about the
    score.
    """
    maps: set[str] = set()
    n_convolutions, found, found_after, is_attended = 0, None, 0, False
    for node in nodes:
        is_attended = is_attended or node.op_type in ATTENTION
        n_convolutions += node.op_type in _CONVOLUTIONS
        if not _keeps_map(node, maps):
            continue
        name = node.output[0]
        maps.add(name)
        if node.op_type not in _POOLS and _is_map(shapes.get(name, ())):
            found, found_after, is_attended = name, n_convolutions, False
    return None if found_after <= 1 and is_attended else found


def _keeps_map(node: onnx.NodeProto, maps: set[str]) -> bool:
    if node.op_type in _CONVOLUTIONS:
        return True
    return node.op_type in _PRESERVING | _POOLS and not maps.isdisjoint(node.input)


def _is_map(shape: Shape) -> bool:
    return len(shape) == 4 and all(dim is not None and dim > 1 for dim in shape[2:])
