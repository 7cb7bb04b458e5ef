"""Replacing an operator by the function body that the ONNX specification gives for it."""

from collections.abc import Mapping, Sequence
from typing import Any

import onnx
from onnx import defs, helper

from export.autodiff.shapes import BATCHES, Tensor, at


def expand(
    node: onnx.NodeProto, tensors: Mapping[str, Tensor], opset: int
) -> list[onnx.NodeProto] | None:
    """Return nodes that compute the same outputs, or None where the operator has no body.

    Args:
        node: an operator of ONNX's own domain.
        tensors: what is known of its inputs; some bodies depend on their types.
        opset: the operator set's version.
    """
    if node.domain not in ("", "ai.onnx"):
        return None
    function = _body(node, tensors, opset)
    return None if function is None else _inline(node, function)


def _body(
    node: onnx.NodeProto, tensors: Mapping[str, Tensor], opset: int
) -> onnx.FunctionProto | None:
    try:
        schema: Any = defs.get_schema(node.op_type, opset, "")  # the stubs lack what it offers
    except defs.SchemaError:
        return None
    version = _newest(schema.function_opset_versions, opset)
    if version is not None:
        return _parse(schema.get_function_with_opset_version(version))
    version = _newest(schema.context_dependent_function_opset_versions, opset)
    if version is None:
        return None
    types = [_type(tensors.get(name)) for name in node.input]
    context = schema.get_context_dependent_function_with_opset_version
    return _parse(context(version, node.SerializeToString(), types))


def _newest(versions: Sequence[int], opset: int) -> int | None:
    return max((v for v in versions if v <= opset), default=None)


def _parse(data: bytes) -> onnx.FunctionProto:
    function = onnx.FunctionProto()
    function.ParseFromString(data)
    return function


def _type(tensor: Tensor | None) -> bytes:
    if tensor is None:
        return bytes(onnx.TypeProto().SerializeToString())
    shape = at(tensor.shape, BATCHES[0])
    return bytes(helper.make_tensor_type_proto(tensor.dtype, shape).SerializeToString())


def _inline(node: onnx.NodeProto, function: onnx.FunctionProto) -> list[onnx.NodeProto]:
    names = {"": ""}
    names |= dict.fromkeys(function.input, "")
    names |= dict(zip(function.input, node.input, strict=False))
    names |= {k: v for k, v in zip(function.output, node.output, strict=False) if v}
    given = {a.name: a for a in function.attribute_proto} | {a.name: a for a in node.attribute}
    stem = next(name for name in node.output if name)
    body: list[onnx.NodeProto] = []
    for inner in function.node:
        copy = onnx.NodeProto()
        copy.CopyFrom(inner)
        copy.name = f"{node.name or stem}/{inner.name or inner.op_type}_{len(body)}"
        copy.input[:] = [names.setdefault(i, f"{stem}/{i}") for i in inner.input]
        copy.output[:] = [names.setdefault(o, f"{stem}/{o}") for o in inner.output]
        _bind_attributes(copy, given)
        body.append(copy)
    return body


def _bind_attributes(node: onnx.NodeProto, given: Mapping[str, onnx.AttributeProto]) -> None:
    """Replace references to the function's attributes; one that was not given is left out."""
    bound = []
    for attribute in node.attribute:
        if not attribute.ref_attr_name:
            bound.append(attribute)
        elif attribute.ref_attr_name in given:
            value = onnx.AttributeProto()
            value.CopyFrom(given[attribute.ref_attr_name])
            value.name = attribute.name
            bound.append(value)
    copies = [onnx.AttributeProto.FromString(a.SerializeToString()) for a in bound]
    del node.attribute[:]
    node.attribute.extend(copies)
