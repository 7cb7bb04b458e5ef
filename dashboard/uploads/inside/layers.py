"""Which layer of an uploaded network Grad-CAM should look at. Runs in the sandbox."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import onnx
from export.autodiff.layers import ATTENTION, Shape, find_last_map


def choose_layer(
    nodes: Sequence[onnx.NodeProto], output: str, shapes: Mapping[str, Shape]
) -> str | None:
    """Return the last convolutional activation on the way to ``output``, or None."""
    wanted = _find_path(nodes, output)
    on_path = [node for node in nodes if wanted.intersection(node.output)]
    # The softmax that makes the output itself is no attention.
    inner = [n for n in on_path if not (n.op_type in ATTENTION and output in n.output)]
    return find_last_map(inner, shapes)


def _find_path(nodes: Sequence[onnx.NodeProto], output: str) -> set[str]:
    wanted = {output}
    for node in reversed(nodes):
        if wanted.intersection(node.output):
            wanted.update(node.input)
    return wanted
