"""The parts from which a method's graph is put together around a gradient graph."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from export.autodiff.differentiate import Differentiated
from export.autodiff.errors import UnsupportedGraph
from export.autodiff.path import needed, read_by
from export.autodiff.shapes import Array

PREFIX = "explain/"  # of every tensor that a method adds
ATTRIBUTIONS = "attributions"


@dataclass(frozen=True)
class Options:
    """What a user may choose; a method reads what concerns it.

    Attributes:
        n_steps: points on the path of integrated gradients.
        n_samples: noisy copies of SmoothGrad.
        noise: their standard deviation, in units of the model's input.
        n_masks: random masks of masked gradients.
        seed: of the noise or the masks, which are drawn when the graph is written.
        baseline: the value of every pixel of the picture that integrated gradients start from,
            and that DeepLIFT compares with, in units of the model's input.
        layer: the tensor that Grad-CAM looks at; None takes the last convolutional activation.
        required: optional inputs that must be given instead: onnxruntime-web takes no others.
    """

    n_steps: int = 50
    n_samples: int = 24
    noise: float = 0.3
    seed: int = 0
    baseline: float = 0.0
    layer: str | None = None
    required: tuple[str, ...] = ()
    n_masks: int = 64


class GraphBuilder:
    """Collects nodes, constants and inputs beside those of a gradient graph.

    Args:
        found: the gradient graph; it is not changed.
    """

    def __init__(self, found: Differentiated) -> None:
        self.found = found
        self.source = found.model.graph
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self.inputs: list[onnx.ValueInfoProto] = []
        self._values = {
            v.name: v.type.tensor_type
            for v in (*self.source.value_info, *self.source.input, *self.source.output)
        }
        self._n_names = 0

    @property
    def image(self) -> str:
        """The image input's name."""
        return self.found.image

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(C, H, W); raises UnsupportedGraph where the image is no such thing."""
        dims = self._values[self.image].shape.dim
        shape = [int(d.dim_value) for d in dims[1:]]
        if len(shape) != 3 or 0 in shape:
            raise UnsupportedGraph(
                f"{self.image!r} is not an image (N, C, H, W) of a fixed size: its shape is "
                f"({', '.join(d.dim_param or str(d.dim_value) for d in dims)})"
            )
        return shape[0], shape[1], shape[2]

    @property
    def picture_size(self) -> tuple[int, int]:
        """(H, W). The channels come last where only so there are few of them."""
        first, second, third = self.image_shape
        return (first, second) if third <= 4 < first else (second, third)

    @property
    def dtype(self) -> int:
        """The image's element type, as in ``onnx.TensorProto``."""
        return int(self._values[self.image].elem_type)

    def rank(self, name: str) -> int:
        """Return the number of axes of one of the gradient graph's tensors."""
        return len(self._values[name].shape.dim)

    def info(self, name: str, like: str) -> onnx.ValueInfoProto:
        """Declare a tensor of the type and shape of one of the gradient graph's."""
        value = onnx.ValueInfoProto(name=name)
        value.type.tensor_type.CopyFrom(self._values[like])
        return value

    def op(self, op_type: str, *inputs: str, name: str = "", **attributes: Any) -> str:
        """Add a node with one output and return that output's name."""
        output = name or self._new_name(op_type)
        self.nodes.append(
            helper.make_node(op_type, inputs, [output], name=f"{PREFIX}node_{output}", **attributes)
        )
        return output

    def constant(self, value: Array | Sequence[float]) -> str:
        """Add a constant; floats take the image's element type."""
        array = np.asarray(value)
        if array.dtype.kind == "f":
            array = array.astype(helper.tensor_dtype_to_np_dtype(self.dtype))
        name = self._new_name("constant")
        self.constants.append(numpy_helper.from_array(array.copy(order="C"), name))
        return name

    def _new_name(self, stem: str) -> str:
        self._n_names += 1
        return f"{PREFIX}{stem}_{self._n_names}"

    def take_nodes(self) -> list[onnx.NodeProto]:
        """Return the nodes added so far and forget them: they become the body of a loop."""
        taken, self.nodes = self.nodes, []
        return taken


def fill(
    graph: onnx.GraphProto, nodes: Iterable[onnx.NodeProto], source: onnx.GraphProto
) -> onnx.GraphProto:
    """Add to a graph with outputs what these need: nodes, and weights and shapes of ``source``.

    A default of one of the source's inputs is no weight: it stays where the input is.
    """
    outputs = [o.name for o in graph.output]
    graph.node.extend(needed(nodes, outputs))
    read = {name for node in graph.node for name in read_by(node)}
    bodies = [a.g for node in graph.node for a in node.attribute if a.HasField("g")]
    elsewhere = {w.name for body in bodies for w in body.initializer}
    elsewhere.update(i.name for i in source.input)
    graph.initializer.extend(w for w in source.initializer if w.name in read - elsewhere)
    made = {name for node in graph.node for name in node.output} - set(outputs)
    known = (*source.value_info, *source.output)
    graph.value_info.extend(v for v in known if v.name in made)
    return graph
