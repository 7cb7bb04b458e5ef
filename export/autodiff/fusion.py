"""Simplifications that make the gradient shorter: BatchNormalization and Pad vanish into Conv.

Weights are scaled by operators in the graph, not here: ONNX Runtime folds them when it loads the
model, and the gradient graph can go on sharing the weights file of the prediction graph.
"""

from collections.abc import Callable, Set

import numpy as np
import onnx
from onnx import helper

from export.autodiff.builder import Builder
from export.autodiff.graph import Graph
from export.autodiff.node import Node, view
from export.autodiff.shapes import Array


def fuse(graph: Graph, keep: Set[str]) -> None:
    """Merge BatchNormalization into the Conv before it, and Pad into the Conv or pool after it.

    Args:
        graph: changed in place.
        keep: tensors that must remain.
    """
    _Fuser(graph, keep).run()


class _Fuser:
    """One pass over the nodes; a pair merges when nobody else reads the tensor between them."""

    def __init__(self, graph: Graph, keep: Set[str]) -> None:
        self.graph = graph
        self.keep = keep
        self.readers = graph.consumers()
        self.producers = graph.producers()
        self.gone: set[int] = set()

    def run(self) -> None:
        merges: dict[str, Callable[[onnx.NodeProto, onnx.NodeProto], list[onnx.NodeProto] | None]]
        merges = {
            "BatchNormalization": self._merge_normalisation,
            "Conv": self._merge_pad,
            "MaxPool": self._merge_pad,
            "AveragePool": self._merge_pad,
        }
        replaced: dict[int, list[onnx.NodeProto]] = {}
        for node in self.graph.nodes:
            before = self.producers.get(node.input[0]) if node.input else None
            if before is None or node.op_type not in merges or not self._is_private(before):
                continue
            merged = merges[node.op_type](before, node)
            if merged is not None:
                replaced[id(node)] = merged
                self.gone.add(id(before))
                self.producers.update({o: n for n in merged for o in n.output})
        self.graph.nodes = self._assemble(replaced)

    def _assemble(self, replaced: dict[int, list[onnx.NodeProto]]) -> list[onnx.NodeProto]:
        """Merged nodes may have been merged again: a Pad into a Conv that had its norm folded."""
        result = []
        for node in self.graph.nodes:
            for piece in replaced.get(id(node), [node]):
                if id(piece) not in self.gone:
                    result.append(piece)
        return result

    def _is_private(self, node: onnx.NodeProto) -> bool:
        return all(
            o not in self.keep and len(self.readers.get(o, [])) <= 1 for o in node.output if o
        )

    def _view(self, node: onnx.NodeProto) -> Node:
        return view(node, self.graph.opset)

    def _value(self, name: str) -> Array | None:
        tensor = self.graph.tensors.get(name)
        if tensor is not None and tensor.values is not None:
            return tensor.values[0]
        return self.graph.constant(name)

    # --- BatchNormalization (Ioffe and Szegedy, 2015) --------------------------------------------

    def _merge_normalisation(
        self, conv: onnx.NodeProto, norm: onnx.NodeProto
    ) -> list[onnx.NodeProto] | None:
        """y = s (W * x + c - mean) + shift, with s = scale / sqrt(variance + epsilon)."""
        if conv.op_type != "Conv" or len([o for o in norm.output if o]) > 1:
            return None
        bias = conv.input[2] if len(conv.input) > 2 else ""
        weights = [conv.input[1], *norm.input[1:5], *([bias] if bias else [])]
        if not all(name in self.graph.constants for name in weights):
            return None
        scale, shift, mean, variance = norm.input[1:5]
        b = Builder(self.graph, prefix=f"{norm.output[0]}/")
        epsilon = float(self._view(norm).attributes["epsilon"])
        factor = b.op("Div", scale, b.op("Sqrt", b.op("Add", variance, epsilon)))
        column = b.op("Unsqueeze", factor, list(range(1, b.rank(conv.input[1]))))  # (M, 1, ...)
        centred = b.op("Sub", bias, mean) if bias else b.op("Neg", mean)
        folded = onnx.NodeProto()
        folded.CopyFrom(conv)
        folded.input[1:] = [
            b.op("Mul", conv.input[1], column),
            b.op("Add", b.op("Mul", centred, factor), shift),
        ]
        folded.output[:] = [norm.output[0]]
        self.graph.constants |= b.constants
        self.graph.tensors |= b.tensors
        return [*b.nodes, folded]

    # --- Pad -------------------------------------------------------------------------------------

    def _merge_pad(self, pad: onnx.NodeProto, node: onnx.NodeProto) -> list[onnx.NodeProto] | None:
        added = self._spatial_pads(pad, node) if pad.op_type == "Pad" else None
        window = self._view(node).attributes
        if added is None or window["auto_pad"] not in ("NOTSET", "VALID"):
            return None
        own = window.get("pads") if window["auto_pad"] == "NOTSET" else None
        own = own or [0] * len(added)
        if node.op_type == "AveragePool" and any(own) and not window["count_include_pad"]:
            return None
        merged = onnx.NodeProto()
        merged.CopyFrom(node)
        merged.input[0] = pad.input[0]
        kept = [
            a for a in node.attribute if a.name not in ("pads", "auto_pad", "count_include_pad")
        ]
        del merged.attribute[:]
        merged.attribute.extend(kept)
        total = [a + b for a, b in zip(own, added, strict=True)]
        merged.attribute.append(helper.make_attribute("pads", total))
        if node.op_type == "AveragePool":
            merged.attribute.append(helper.make_attribute("count_include_pad", 1))
        return [merged]

    def _spatial_pads(self, pad: onnx.NodeProto, node: onnx.NodeProto) -> list[int] | None:
        """Return the pads of the spatial axes if the Pad does what the operator's own pads do."""
        neutral = -np.inf if node.op_type == "MaxPool" else 0.0
        attributes = self._view(pad).attributes
        widths = self._value(pad.input[1])
        fill = self._value(pad.input[2]) if len(pad.input) > 2 and pad.input[2] else np.zeros(())
        if widths is None or fill is None or attributes["mode"] != "constant":
            return None
        if len(pad.input) > 3 and pad.input[3]:
            return None
        rank = len(widths) // 2
        per_axis = widths.reshape(2, rank)
        if float(fill.reshape(())) != neutral or (per_axis < 0).any() or per_axis[:, :2].any():
            return None
        return [int(w) for w in per_axis[:, 2:].reshape(-1)]
