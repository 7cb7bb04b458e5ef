"""A second run of the forward graph, at a baseline, for rules that compare two runs."""

from collections.abc import Mapping

import onnx

from export.autodiff.builder import Builder
from export.autodiff.path import read_by

PREFIX = "reference/"  # of every tensor of the second run
SHAPES_ONLY = frozenset({"Shape", "Size"})  # what a picture shows does not change them


def add_reference(b: Builder, image: str, baseline: str) -> None:
    """Emit a copy of what depends on the image, with the baseline in its place.

    Args:
        b: knows the forward graph; ``b.reference(name)`` is a tensor's twin afterwards.
        image: the input (N, ...).
        baseline: of the image's shape.
    """
    twins = {image: baseline}
    for node in b.graph.nodes:
        if node.op_type in SHAPES_ONLY or not any(name in twins for name in read_by(node)):
            continue
        known = all(b.tensors[n].values is not None for n in node.output if n in b.tensors)
        if known and all(n in b.tensors for n in node.output if n):
            continue  # the same for every picture
        twins.update({name: f"{PREFIX}{name}" for name in node.output if name})
        b.nodes.append(_copy(node, twins))
    b.tensors.update({twin: b.tensors[n] for n, twin in twins.items() if n in b.tensors})
    b.pair(twins)


def _copy(node: onnx.NodeProto, twins: Mapping[str, str]) -> onnx.NodeProto:
    copy = onnx.NodeProto()
    copy.CopyFrom(node)
    copy.name = f"{PREFIX}{node.name or node.output[0]}"
    copy.input[:] = [twins.get(name, name) for name in node.input]
    copy.output[:] = [twins.get(name, name) for name in node.output]
    return copy
