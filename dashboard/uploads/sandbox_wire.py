"""What the app and its sandbox say to each other: a JSON header and raw arrays, never pickles.

A message is: the header's length (4 bytes, big-endian), the header (a JSON object in UTF-8), then
the bytes of every array that the header declares, in order, C-contiguous and little-endian.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, BinaryIO, Literal

import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

MAX_HEADER_BYTES = 4 << 20
MAX_ARRAYS = 64
MAX_AXES = 8
MAX_AXIS = 1 << 31

# The only types that cross: files, indices, and what networks compute.
_DTYPES = {name: np.dtype(name).newbyteorder("<") for name in ("uint8", "int64", "float32")}
_LENGTH = struct.Struct(">I")
_ARRAYS = "arrays"

# No backticks, asterisks, dollars, backslashes, tildes or bars; brackets become round.
_BRACKETS = str.maketrans("[]{}<>", "()()()")
_HARMLESS = frozenset(" .,:;'\"()/+-=%_@&!#…–×?")

Header = dict[str, Any]


class UploadError(ValueError):
    """An uploaded model cannot be used; the message is one sentence for the reader."""


class UploadStopped(UploadError):
    """The process that ran an uploaded model came to an end over it."""


class WireError(Exception):
    """The other side sent something that is no message."""


@dataclass(frozen=True, eq=False)
class Message:
    """A request or an answer: ``header`` holds JSON values, ``arrays`` what is too large for it."""

    header: Header
    arrays: tuple[NDArray[Any], ...] = ()


@dataclass(frozen=True)
class _Layout:
    """What a header says of an array before its bytes come."""

    dtype: Literal["uint8", "int64", "float32"]
    shape: Annotated[tuple[Annotated[int, Meta(ge=0, lt=MAX_AXIS)], ...], Meta(max_length=MAX_AXES)]


def clean_text(text: object, limit: int = 300) -> str:
    """Return untrusted text as one harmless line: nothing that markup gives a meaning to.

    Names in a graph are chosen by whoever made it, and a page would load a picture that is linked
    in one.
    """
    line = " ".join(str(text)[: 4 * limit].translate(_BRACKETS).split()).replace("://", ": //")
    line = "".join(each if each.isalnum() or each in _HARMLESS else "?" for each in line)
    return line if len(line) <= limit else line[: limit - 1] + "…"


def write_message(stream: BinaryIO, message: Message) -> None:
    """Write a message.

    Raises:
        ValueError: an array has a type that does not cross, or the header is too long.
        OSError: the other side is gone.
    """
    arrays = [_prepare(array) for array in message.arrays]
    declared = [{"dtype": array.dtype.name, "shape": array.shape} for array in arrays]
    header = json.dumps({**message.header, _ARRAYS: declared}).encode()
    if len(header) > MAX_HEADER_BYTES:
        raise ValueError(f"a header of {len(header)} bytes is too long")
    stream.write(_LENGTH.pack(len(header)) + header)
    for array in arrays:
        stream.write(array.reshape(-1).view(np.uint8).data)
    stream.flush()


def _prepare(array: NDArray[Any]) -> NDArray[Any]:
    if array.dtype.name not in _DTYPES:
        raise ValueError(f"{array.dtype} does not cross")
    return np.ascontiguousarray(array, dtype=_DTYPES[array.dtype.name])


def read_message(stream: BinaryIO, max_array_bytes: int) -> Message:
    """Read a message whose arrays hold at most ``max_array_bytes`` together.

    Nothing is allocated before its size is checked.

    Raises:
        EOFError: the other side closed the stream.
        WireError: what it sent is no message, or one that is too large.
    """
    (length,) = _LENGTH.unpack(_read_exactly(stream, _LENGTH.size))
    if length > MAX_HEADER_BYTES:
        raise WireError(f"a header of {length} bytes")
    header = _parse_header(_read_exactly(stream, length))
    layouts = _parse_layouts(header.pop(_ARRAYS, []))
    total = sum(math.prod(shape) * dtype.itemsize for dtype, shape in layouts)
    if total > max_array_bytes:
        raise WireError(f"arrays of {total} bytes")
    return Message(header, tuple(_read_array(stream, *layout) for layout in layouts))


def _parse_header(data: bytes) -> Header:
    try:
        header = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise WireError("no JSON header") from error
    if not isinstance(header, dict):
        raise WireError("no JSON object")
    return header


def _parse_layouts(declared: object) -> list[tuple[np.dtype[Any], tuple[int, ...]]]:
    try:
        layouts = msgspec.convert(declared, Annotated[list[_Layout], Meta(max_length=MAX_ARRAYS)])
    except msgspec.ValidationError as error:
        raise WireError("arrays without a layout") from error
    return [(_DTYPES[layout.dtype], layout.shape) for layout in layouts]


def _read_array(stream: BinaryIO, dtype: np.dtype[Any], shape: Sequence[int]) -> NDArray[Any]:
    array = np.empty(shape, dtype)
    _fill(stream, array.reshape(-1).view(np.uint8).data)
    return array.astype(dtype.newbyteorder("="), copy=False)


def _read_exactly(stream: BinaryIO, length: int) -> bytes:
    data = bytearray(length)
    _fill(stream, memoryview(data))
    return bytes(data)


def _fill(stream: BinaryIO, view: memoryview) -> None:
    while view.nbytes:
        n_read = stream.readinto(view)  # type: ignore[attr-defined] # every binary stream has it
        if not n_read:
            raise EOFError
        view = view[n_read:]
