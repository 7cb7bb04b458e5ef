"""Which tensors lie between the image and the score: only those get a gradient."""

from collections.abc import Iterable, Iterator, Sequence

import onnx

from export.autodiff.graph import Graph


def find_path(graph: Graph, sources: Iterable[str], score: str) -> frozenset[str]:
    """Return the tensors that depend on a source and that the score depends on.

    A path ends at a tensor that is not floating point: comparisons, indices and shapes carry no
    gradient. A tensor of unknown type stays on the path, so that its operator is refused by name.
    """
    reached = set(sources)
    for node in graph.nodes:
        if any(name in reached for name in read_by(node)):
            reached.update(name for name in node.output if name and _carries(graph, name))
    wanted = {score}
    for node in reversed(graph.nodes):
        if any(name in wanted for name in node.output):
            wanted.update(name for name in read_by(node) if name in reached)
    return frozenset(reached & wanted)


def _carries(graph: Graph, name: str) -> bool:
    tensor = graph.tensors.get(name)
    return tensor is None or tensor.is_float


def read_by(node: onnx.NodeProto) -> Iterator[str]:
    """Yield the tensors that a node reads, those that its subgraphs capture among them."""
    yield from (name for name in node.input if name)
    for attribute in node.attribute:
        if attribute.HasField("g"):
            for inner in attribute.g.node:
                yield from read_by(inner)


def needed(nodes: Iterable[onnx.NodeProto], outputs: Sequence[str]) -> list[onnx.NodeProto]:
    """Return the nodes, in order, that the outputs depend on."""
    wanted, kept = set(outputs), []
    for node in reversed(list(nodes)):
        if any(name in wanted for name in node.output):
            wanted.update(read_by(node))
            kept.append(node)
    return kept[::-1]
