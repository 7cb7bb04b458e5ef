"""One node that a backward pass went through, with all that its law speaks of."""

from collections.abc import Mapping, Sequence

import numpy as np
import onnx
from onnx import helper

from export.autodiff.arrays import Doubles
from export.autodiff.differentiate import Differentiated
from export.autodiff.interpreter import Interpreter
from export.autodiff.reverse import Step

Values = Mapping[str, Doubles]


class Law:
    """One node, its tensors, and random directions for its inputs."""

    def __init__(
        self,
        found: Differentiated,
        step: Step,
        runs: tuple[Values, Values],
        rng: np.random.Generator,
    ) -> None:
        values, self.twins = runs
        self.opsets = found.model.opset_import
        self.biases = [add for add in found.steps if self._completes(add.node, step.node)]
        self.node, self.values, self.kind = step.node, values, step.node.op_type
        self.inputs = [values[name] if name else None for name in step.node.input]
        handed = dict(enumerate(step.handed))
        self.handed = {i: values[n] for i, n in handed.items() if n and n in values}
        self.carried = values[str(step.carried[0])]
        self.y = values[step.node.output[0]]
        self.v = {i: rng.standard_normal(h.shape) for i, h in self.handed.items()}

    @staticmethod
    def _completes(add: onnx.NodeProto, node: onnx.NodeProto) -> bool:
        return add.op_type == "Add" and node.output[0] in add.input

    def list_sums(self) -> list[tuple[Doubles, Doubles]]:
        """Return what an Add behind the node may make of it, with what is added."""
        return [
            (self.values[add.node.output[0]], self.values[name])
            for add in self.biases
            for name in add.node.input
            if name != self.node.output[0]
        ]

    def run(self, inputs: Sequence[Doubles | None]) -> Doubles:
        """Return the first output of the node at other inputs."""
        names = [f"input_{i}" if x is not None else "" for i, x in enumerate(inputs)]
        node = onnx.NodeProto()
        node.CopyFrom(self.node)
        node.input[:] = names
        node.output[:] = ["y", *(f"further_{i}" for i in range(1, len(node.output)))]
        given = {n: x for n, x in zip(names, inputs, strict=True) if x is not None}
        ports = [onnx.ValueInfoProto(name=name) for name in given]
        graph = helper.make_graph([node], "node", ports, [onnx.ValueInfoProto(name="y")])
        model = helper.make_model(graph, opset_imports=self.opsets)
        return np.asarray(Interpreter(model).run(given)["y"], np.float64)

    def difference(self, moves: Mapping[int, Doubles], size: float = 1.0) -> Doubles:
        """Return (f(x + size move) - f(x - size move)) / (2 size)."""
        ends = [
            self.run(
                [
                    x if x is None or i not in moves else x + sign * size * moves[i]
                    for i, x in enumerate(self.inputs)
                ]
            )
            for sign in (1.0, -1.0)
        ]
        change: Doubles = (ends[0] - ends[1]) / (2.0 * size)
        return change

    def compare(self, expected: float, weights: Mapping[int, Doubles] | None = None) -> float:
        """Return how far handed . weights (by default v) is from a number, relatively."""
        given = self.v if weights is None else weights
        terms = [(self.handed[i] * given[i]).ravel() for i in self.handed]
        flat = np.concatenate(terms) if terms else np.zeros(1)
        scale = max(float(np.linalg.norm(flat)), abs(expected), 1e-30)
        return abs(float(flat.sum()) - expected) / scale
