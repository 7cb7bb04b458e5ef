"""Which layer Grad-CAM looks at where the user names none: as the page chooses one."""

import onnx

from export.autodiff.errors import UnsupportedGraph
from export.autodiff.graph import Graph
from export.autodiff.path import find_path
from export.autodiff.prepare import choose_image, prepare
from export.autodiff.score import find_head

_CONVOLUTIONS = frozenset({"Conv", "ConvTranspose"})
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


def choose_layer(model: onnx.ModelProto, image: str | None, score: str | None, folder: str) -> str:
    """Return the last convolutional activation on the way from the image to the score.

    Raises:
        UnsupportedGraph: there is none.
    """
    graph = prepare(model, image, frozenset([score] if score else []), folder)
    layer = find_layer(graph, choose_image(graph, image), find_head(graph, score).tensor)
    if layer is None:
        raise UnsupportedGraph("Grad-CAM finds no convolutional layer: name one")
    return layer


def find_layer(graph: Graph, image: str, score: str) -> str | None:
    """Return the last tensor that comes from a convolution and is a map still, or None.

    A map is (N, C, H, W) with H and W above 1, turned or pooled by nothing since the convolution.
    Where a transformer only cuts its patches by a convolution there is none: what comes of that
    single layer says little about the score.
    """
    path = find_path(graph, [image], score)
    maps: set[str] = set()
    n_convolutions, found, found_after, is_attended = 0, None, 0, False
    for node in graph.nodes:
        if path.isdisjoint(node.output):
            continue
        is_attended = is_attended or node.op_type in _ATTENTION
        n_convolutions += node.op_type in _CONVOLUTIONS
        if not _keeps_map(node, maps):
            continue
        maps.add(node.output[0])
        if node.op_type not in _POOLS and _is_map(graph, node.output[0]):
            found, found_after, is_attended = node.output[0], n_convolutions, False
    return None if found_after <= 1 and is_attended else found


def _keeps_map(node: onnx.NodeProto, maps: set[str]) -> bool:
    if node.op_type in _CONVOLUTIONS:
        return True
    return node.op_type in _PRESERVING | _POOLS and not maps.isdisjoint(node.input)


def _is_map(graph: Graph, name: str) -> bool:
    tensor = graph.tensors.get(name)
    shape = tensor.shape if tensor else ()
    return len(shape) == 4 and all(isinstance(dim, int) and dim > 1 for dim in shape[2:])
