"""Which operators a model has, and which of them can be differentiated."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import onnx
from onnx import defs

from export.autodiff.rules import FAMILIES, LOWERINGS


@dataclass(frozen=True)
class Operators:
    """A model's operators.

    Attributes:
        counts: nodes an operator, those off the path to the score among them.
        status: what gives each operator's derivative, in words.
    """

    counts: Mapping[str, int]
    status: Mapping[str, str]


def survey(model: onnx.ModelProto) -> Operators:
    """Count a model's operators and say where each one's derivative comes from."""
    counts = Counter(_name(node) for node in model.graph.node)
    own = {(f.domain, f.name) for f in model.functions}
    status = {_name(n): _status(n, own) for n in model.graph.node}
    return Operators(dict(counts), status)


def _name(node: onnx.NodeProto) -> str:
    return f"{node.domain}.{node.op_type}" if node.domain else node.op_type


def _status(node: onnx.NodeProto, own: set[tuple[str, str]]) -> str:
    if (node.domain, node.op_type) in own:
        return "by the model's own function body"
    if node.domain in ("", "ai.onnx"):
        family = next((name for name, rules in FAMILIES.items() if node.op_type in rules), None)
        if family is not None:
            return f"rule ({family})"
        if node.op_type in LOWERINGS:
            return "by its parts"
        if _has_body(node.op_type):
            return "by ONNX's function body"
    return "none: allowed only off the path from the image to the score"


def _has_body(op_type: str) -> bool:
    newest = defs.onnx_opset_version()
    try:
        schema: Any = defs.get_schema(op_type, newest)  # the stubs lack what it offers
    except defs.SchemaError:
        return False
    return bool(schema.has_function or schema.has_context_dependent_function)
