"""Which layer Grad-CAM looks at where the user names none: as the page chooses one."""

import onnx

from export.autodiff.errors import UnsupportedGraph
from export.autodiff.graph import Graph
from export.autodiff.layers import find_last_map
from export.autodiff.path import find_path
from export.autodiff.prepare import choose_image, prepare
from export.autodiff.score import find_head


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
    """Return the last map of a convolution on the way from ``image`` to ``score``, or None."""
    path = find_path(graph, [image], score)
    on_path = (node for node in graph.nodes if not path.isdisjoint(node.output))
    shapes = {
        name: tuple(dim if isinstance(dim, int) else None for dim in tensor.shape)
        for name, tensor in graph.tensors.items()
    }
    return find_last_map(on_path, shapes)
