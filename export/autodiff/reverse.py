"""The reverse pass: one pass over the nodes from the score back to the image.

Reverse-mode automatic differentiation (Griewank and Walther, Evaluating Derivatives, 2008), on
graphs: each operator's rule turns the gradients of its outputs into those of its inputs, and a
tensor that several operators read gets the sum.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import onnx

from export.autodiff.builder import Builder
from export.autodiff.coupling import refuse_coupling
from export.autodiff.errors import UnsupportedGraph
from export.autodiff.node import Node, view
from export.autodiff.refusal import refuse_without_rule
from export.autodiff.siblings import Siblings
from export.autodiff.tables import GRADIENT, Table


@dataclass(frozen=True)
class Step:
    """One node on the way back: what was carried to its outputs, what its rule handed its inputs.

    ``carried`` and ``handed`` are names of tensors, in the order of outputs and inputs.
    """

    node: onnx.NodeProto
    carried: tuple[str | None, ...]
    handed: tuple[str | None, ...]


class ReversePass:
    """Gradients gathered on the way back, for the tensors that the builder needs.

    Args:
        b: emits the gradient graph.
        table: the rules; by default the gradient's.
    """

    def __init__(self, b: Builder, table: Table = GRADIENT) -> None:
        self.b = b
        self.table = table
        self.siblings = Siblings(b)
        self.parts: dict[str, list[str]] = {}
        self.steps: list[Step] = []

    def run(self, head: str, gradient: str) -> None:
        """Walk back from the tensor ``head``, whose gradient is given."""
        self.run_all({head: gradient})

    def run_all(self, gradients: Mapping[str, str]) -> None:
        """Walk back from several tensors at once, given the gradient of each."""
        self.parts.update({name: [gradient] for name, gradient in gradients.items()})
        for proto in reversed(self.b.graph.nodes):
            if any(self.b.needs_grad(name) for name in proto.output):
                self._visit(proto)

    def gradient(self, name: str) -> str | None:
        """Return the sum of what has been gathered for a tensor, or None if nothing has."""
        parts = self.parts.get(name, []) + self.siblings.joined(name)
        if not parts:
            return None
        total = self.b.total(parts)
        self.parts[name] = [total]
        return total

    def _visit(self, proto: onnx.NodeProto) -> None:
        node = view(proto, self.b.graph.opset)
        refuse_without_rule(node, self.table)
        self.b.running(node)
        grads = [self.gradient(name) if name else None for name in node.outputs]
        if all(grad is None for grad in grads):
            return
        for name in (*node.inputs, *node.outputs):
            if name:
                self.b.info(name)
        refuse_coupling(self.b, node)
        if self.siblings.take(node, grads[0]):
            return
        found = self.table.rules[node.op_type](self.b, node, *grads)
        self.steps.append(Step(proto, tuple(grads), tuple(found)))
        for name, grad in zip(node.inputs, found, strict=False):
            if grad is not None and self.b.needs_grad(name):
                self._check(node, name, grad)
                self.parts.setdefault(name, []).append(grad)

    def _check(self, node: Node, name: str, grad: str) -> None:
        """The invariant: a gradient has the shape and type of its tensor."""
        expected, found = self.b.info(name), self.b.info(grad)
        if (expected.shape, expected.dtype) != (found.shape, found.dtype):
            raise UnsupportedGraph(
                f"the rule of {node.op_type} (node {node.name!r}) gives {name!r} a gradient of "
                f"shape {found.shape}, type {found.dtype}, not {expected.shape}, {expected.dtype}"
            )
