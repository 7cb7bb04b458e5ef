"""The parts of an uploaded model, however deep they lie: none may be absurd or lie elsewhere."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import onnx
from onnx import TensorProto, helper

from dashboard.uploads.sandbox_wire import UploadError

MAX_NODES = 20_000
MAX_PARTS = 1_000_000
MAX_GRAPH_DEPTH = 8
MAX_NAME = 1_024
MAX_TEXT = 1 << 20

# Texts that are written for people may be long: some exporters note the source of every node.
_TEXTS = frozenset({"doc_string", "value"})
_DATA = frozenset({"raw_data", "string_data", "s", "strings"})

_PACKED_4_BIT = frozenset({"UINT4", "INT4", "FLOAT4E2M1"})
_PACKED_2_BIT = frozenset({"UINT2", "INT2"})
_TWO_NUMBERS = frozenset({TensorProto.COMPLEX64, TensorProto.COMPLEX128})
_TYPED_DATA = tuple(
    f"{kind}_data" for kind in ("float", "int32", "string", "int64", "double", "uint64")
)


@runtime_checkable
class _Message(Protocol):
    """Any part of a file: a protobuf message."""

    def ListFields(self) -> Sequence[tuple[Any, Any]]:  # noqa: N802 - protobuf's name
        """Return (descriptor, value) of every field that is set."""


@dataclass
class Parts:
    """What a walk through a model found: every graph, every function, the number of nodes."""

    graphs: list[onnx.GraphProto] = field(default_factory=list)
    functions: list[onnx.FunctionProto] = field(default_factory=list)
    n_nodes: int = 0


def check_parts(model: onnx.ModelProto) -> Parts:
    """Look at every message in a model, wherever it hides, and return the graphs among them.

    Raises:
        UploadError: there are too many parts, one is absurd, or a tensor lies outside the file.
    """
    parts = Parts()
    waiting: list[tuple[_Message, int]] = [(model, 0)]
    n_seen = 0
    while waiting:
        message, depth = waiting.pop()
        n_seen += 1
        if n_seen > MAX_PARTS:
            raise _refuse_parts()
        depth = _note(parts, message, depth)
        waiting.extend((child, depth) for child in _list_children(message))
    return parts


def _refuse_parts() -> UploadError:
    return UploadError(f"The file has more than {MAX_PARTS:,} parts, which no network needs.")


def _note(parts: Parts, message: _Message, depth: int) -> int:
    """Check one part; return the depth at which its own parts lie."""
    if isinstance(message, onnx.GraphProto):
        if depth >= MAX_GRAPH_DEPTH:
            raise UploadError(f"Graphs are nested more than {MAX_GRAPH_DEPTH} deep in the file.")
        parts.graphs.append(message)
        return depth + 1
    if isinstance(message, onnx.NodeProto):
        parts.n_nodes += 1
        if parts.n_nodes > MAX_NODES:
            raise UploadError(f"The network has more than {MAX_NODES:,} nodes, which is too many.")
    elif isinstance(message, onnx.FunctionProto):
        parts.functions.append(message)
    elif isinstance(message, TensorProto):
        check_tensor(message)
    return depth


def _list_children(message: _Message) -> Iterator[_Message]:
    for descriptor, value in message.ListFields():
        is_single = isinstance(value, (_Message, str, bytes, int, float))
        values: Sequence[object] = [value] if is_single else value
        if descriptor.message_type is not None:
            if len(values) > MAX_PARTS:
                raise _refuse_parts()
            yield from (each for each in values if isinstance(each, _Message))
        elif isinstance(values[0], (str, bytes)) and descriptor.name not in _DATA:
            _check_texts(descriptor.name, values)


def _check_texts(name: str, texts: Sequence[object]) -> None:
    limit = MAX_TEXT if name in _TEXTS else MAX_NAME
    if len(texts) > MAX_PARTS:
        raise UploadError(f"A node of the network has {len(texts):,} entries in its {name}.")
    longest = max(len(text) for text in texts if isinstance(text, (str, bytes)))
    if longest > limit:
        raise UploadError(f"A {name} in the file is {longest:,} letters long, which is absurd.")


def check_tensor(tensor: TensorProto) -> None:
    """Check that a tensor holds what it declares, inside the file.

    Raises:
        UploadError: it lies in another file, or its size is not the declared one.
    """
    name = tensor.name or "of a node"
    if tensor.data_location == TensorProto.EXTERNAL or tensor.external_data:
        raise UploadError(
            f"The weights {name} lie in a second file, and one file is needed that holds all: "
            "onnx.save(onnx.load('model.onnx'), 'whole.onnx') writes it, or export with "
            "external_data=False."
        )
    if any(dim < 0 for dim in tensor.dims):
        raise UploadError(f"The tensor {name} declares a negative size.")
    declared = math.prod(tensor.dims)
    if tensor.HasField("raw_data"):
        held, expected = len(tensor.raw_data), _count_bytes(tensor, declared)
        unit = "bytes"
    else:
        held = sum(len(getattr(tensor, data)) for data in _TYPED_DATA)
        expected, unit = _count_entries(tensor, declared), "numbers"
    if held != expected:
        raise UploadError(f"The tensor {name} declares {expected:,} {unit} and holds {held:,}.")


def _count_bytes(tensor: TensorProto, n_elements: int) -> int:
    kind = _get_kind(tensor)
    if kind in _PACKED_4_BIT:
        return -(-n_elements // 2)
    if kind in _PACKED_2_BIT:
        return -(-n_elements // 4)
    return n_elements * helper.tensor_dtype_to_np_dtype(tensor.data_type).itemsize


def _count_entries(tensor: TensorProto, n_elements: int) -> int:
    kind = _get_kind(tensor)
    if kind in _PACKED_4_BIT:
        return -(-n_elements // 2)
    if kind in _PACKED_2_BIT:
        return -(-n_elements // 4)
    return n_elements * 2 if tensor.data_type in _TWO_NUMBERS else n_elements


def _get_kind(tensor: TensorProto) -> str:
    try:
        kind = TensorProto.DataType.Name(tensor.data_type)
    except ValueError:
        kind = "UNDEFINED"
    if kind == "UNDEFINED":
        raise UploadError(f"The tensor {tensor.name} has a type that ONNX does not know.")
    return str(kind)
