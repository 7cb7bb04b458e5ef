"""A pointer in a graph: a query that is multiplied with every key, and the products are the answer.

As in pointer networks (Vinyals, Fortunato and Jaitly 2015, arXiv 1506.03134): attention whose
shares are an output, instead of weights for values.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # imported where it is used: the first page does not wait for it
    import onnx

# What may lie between products of a query with keys and their softmax: the scale and the mask.
BETWEEN = frozenset({"Add", "Mul", "Div", "Where"})
_LINEAR = frozenset({"Add", "MatMul", "Gemm"})
_SHAPING = frozenset({"Cast", "Expand", "Reshape", "Squeeze", "Unsqueeze"})


@dataclass(frozen=True)
class PointerTensors:
    """The names of a pointer's tensors: its query (N, 1, d), the keys (N, T, d), the scores."""

    query: str
    keys: str
    scores: str


def find_pointer(model: onnx.ModelProto) -> PointerTensors | None:
    """Return the tensors of a query that is multiplied with every key to give an output.

    The products are summed, scaled and masked. None where no output is made so.
    """
    made_by = {name: node for node in model.graph.node for name in node.output}
    given = {value.name for value in model.graph.input}
    for output in model.graph.output:
        product = _find_summed_product(output.name, made_by)
        factors = [] if product is None else [*product.input]
        # The query alone was picked out of the states by a place.
        queries = [each for each in factors if _is_picked(each, made_by, given)]
        keys = [each for each in factors if each not in queries]
        if len(queries) == len(keys) == 1:
            return PointerTensors(queries[0], keys[0], output.name)
    return None


def _find_summed_product(name: str, made_by: Mapping[str, Any]) -> Any | None:
    node = made_by.get(name)
    if node is None:
        return None
    if node.op_type == "ReduceSum":
        product = made_by.get(node.input[0])
        return product if product is not None and product.op_type == "Mul" else None
    if node.op_type not in BETWEEN:
        return None
    inside = (_find_summed_product(each, made_by) for each in node.input)
    return next((product for product in inside if product is not None), None)


def _is_picked(name: str, made_by: Mapping[str, Any], given: Set[str]) -> bool:
    """Return whether a linear layer's output is of states at a place that the graph is given."""
    states = made_by.get(_skip(name, made_by, _LINEAR))
    if states is None or not states.op_type.startswith("Gather"):
        return False
    return _skip(states.input[1], made_by, _SHAPING) in given


def _skip(name: str, made_by: Mapping[str, Any], passed: Set[str]) -> str:
    """Return the tensor before the operators that are ``passed``, by their first made input."""
    while name in made_by and made_by[name].op_type in passed:
        inputs = made_by[name].input
        name = next((each for each in inputs if each in made_by), inputs[0])
    return name
