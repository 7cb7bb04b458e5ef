"""A light, frozen view of an ONNX node: what a gradient rule reads."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import onnx
from onnx import defs, helper


@dataclass(frozen=True)
class Node:
    """One operator of the graph that is differentiated.

    Attributes:
        op_type: the operator; ``domain`` is empty for ONNX's own.
        inputs: tensor names; an empty name is an optional input that is absent.
        outputs: tensor names; an empty name is an optional output that is absent.
        attributes: Python values (int, float, str, list, TensorProto, ...) with the defaults of
            the specification filled in; an attribute without a default that is absent is absent.
        name: the node's name, or its first output when it has none.
        opset: the version of the operator set that the graph imports for ``domain``.
    """

    op_type: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Any]
    name: str
    domain: str
    opset: int

    def input(self, index: int) -> str | None:
        """Return the name of an input, or None where it is absent."""
        present = index < len(self.inputs) and self.inputs[index]
        return self.inputs[index] if present else None

    def output(self, index: int) -> str | None:
        """Return the name of an output, or None where it is absent."""
        present = index < len(self.outputs) and self.outputs[index]
        return self.outputs[index] if present else None


def view(proto: onnx.NodeProto, opset: int) -> Node:
    """Read a node, with the specification's default for every attribute that is not set."""
    domain = "" if proto.domain == "ai.onnx" else proto.domain
    attributes = dict(_defaults(proto.op_type, opset, domain))
    attributes.update({a.name: _value(a) for a in proto.attribute})
    return Node(
        proto.op_type,
        tuple(proto.input),
        tuple(proto.output),
        attributes,
        proto.name or next((name for name in proto.output if name), proto.op_type),
        domain,
        opset,
    )


@cache
def _defaults(op_type: str, opset: int, domain: str) -> tuple[tuple[str, Any], ...]:
    try:
        schema = defs.get_schema(op_type, opset, domain)
    except defs.SchemaError:
        return ()  # not an ONNX operator: it has no rule either, and is refused by name
    declared = ((name, a.default_value) for name, a in schema.attributes.items())
    return tuple((name, _value(value)) for name, value in declared if value.name)


def _value(attribute: onnx.AttributeProto) -> Any:
    value = helper.get_attribute_value(attribute)
    if isinstance(value, bytes):
        return value.decode()
    if attribute.type == onnx.AttributeProto.STRINGS:
        return [text.decode() for text in value]
    if attribute.type in (onnx.AttributeProto.INTS, onnx.AttributeProto.FLOATS):
        return list(value)
    return value
