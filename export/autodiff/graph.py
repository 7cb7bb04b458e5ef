"""A prepared forward graph: its nodes in order, its constants, what is known of its tensors."""

import math
from dataclasses import dataclass, field

import onnx
from onnx import numpy_helper

from export.autodiff.shapes import FLOATS, Array, Tensor, is_small


@dataclass
class Graph:
    """The graph to differentiate, in the form that the passes share.

    Attributes:
        nodes: in topological order.
        constants: initializers by name; the data of big ones may lie in a file.
        inputs: the graph's inputs that are not constants.
        outputs: the names of the graph's outputs.
        opset: version of ONNX's own operator set.
        folder: where external data lies.
        tensors: what is known of each tensor; filled by ``annotate``.
        unknown: why nothing is known of a tensor.
        notes: sentences for the user on what preparing changed.
    """

    nodes: list[onnx.NodeProto]
    constants: dict[str, onnx.TensorProto]
    inputs: dict[str, onnx.ValueInfoProto]
    outputs: list[str]
    opset: int
    folder: str = ""
    tensors: dict[str, Tensor] = field(default_factory=dict)
    unknown: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    _producers: dict[str, onnx.NodeProto] | None = field(default=None, repr=False)
    _readers: dict[str, list[onnx.NodeProto]] | None = field(default=None, repr=False)

    def constant(self, name: str) -> Array | None:
        """Return an initializer's value, read from its file if need be, or None."""
        proto = self.constants.get(name)
        return None if proto is None else numpy_helper.to_array(proto, self.folder)

    def consumers(self) -> dict[str, list[onnx.NodeProto]]:
        """Return the nodes that read each tensor."""
        readers: dict[str, list[onnx.NodeProto]] = {}
        for node in self.nodes:
            for name in dict.fromkeys(node.input):
                readers.setdefault(name, []).append(node)
        return readers

    def producer(self, name: str) -> onnx.NodeProto | None:
        """Return the node that computes a tensor, or None for an input or constant."""
        if self._producers is None:
            self._producers = self.producers()
        return self._producers.get(name)

    def readers(self, name: str) -> list[onnx.NodeProto]:
        """Return the nodes that read a tensor; to be asked when the nodes are final."""
        if self._readers is None:
            self._readers = self.consumers()
        return self._readers.get(name, [])

    def producers(self) -> dict[str, onnx.NodeProto]:
        """Return the node that computes each tensor."""
        return {name: node for node in self.nodes for name in node.output if name}


def constant_tensor(proto: onnx.TensorProto, folder: str) -> Tensor:
    """Describe an initializer; its value is read only when it is small."""
    shape = tuple(proto.dims)
    if not is_small(math.prod(shape), proto.data_type in FLOATS):
        return Tensor(proto.data_type, shape)
    value = numpy_helper.to_array(proto, folder)
    return Tensor(proto.data_type, shape, (value, value))
