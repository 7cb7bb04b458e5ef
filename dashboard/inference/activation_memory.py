"""How many numbers a network holds at once on the way to one answer, its weights aside."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from dashboard.inference.layer_macs import read_graph

if TYPE_CHECKING:
    import onnx


def find_peak(model: onnx.ModelProto) -> int:
    """Return the most numbers that are alive at once while a graph runs on one input.

    Each is alive from the operator that makes it to the last one that reads it, in the graph's
    order. A runtime that joins operators or works in place needs less, one that keeps spare memory
    more. Dynamic axes count as 1.

    Raises:
        ValueError: a shape that is needed could not be inferred.
    """
    graph, shapes, learnt = read_graph(model)
    fixed = learnt | {n.output[0] for n in graph.node if n.op_type == "Constant"} | {""}
    last = {name: index for index, node in enumerate(graph.node) for name in node.input}
    last |= {value.name: len(graph.node) for value in graph.output}
    alive = {value.name for value in graph.input} - fixed
    peak = 0
    for index, node in enumerate(graph.node):
        alive |= {name for name in node.output if name in last} - fixed
        if unknown := alive - shapes.keys():
            raise ValueError(f"the shape of {', '.join(sorted(unknown))} is not known")
        peak = max(peak, sum(math.prod(shapes[name]) for name in alive))
        alive = {name for name in alive if last[name] > index}
    return peak
