import io
import json
import struct
from typing import Any

import numpy as np
import pytest

from dashboard.uploads.sandbox_wire import (
    MAX_HEADER_BYTES,
    Message,
    WireError,
    clean_text,
    read_message,
    write_message,
)
from tests.dashboard.uploads.lying_worker import LIES


def send(message: Message) -> io.BytesIO:
    stream = io.BytesIO()
    write_message(stream, message)
    stream.seek(0)
    return stream


def test_what_is_written_is_read() -> None:
    arrays: tuple[Any, ...] = (
        np.arange(6, dtype=np.float32).reshape(2, 3).T,  # not contiguous
        np.array([-1, 2**40]),
        np.zeros((0, 3), np.uint8),
        np.float32(7).reshape(()),
    )
    read = read_message(send(Message({"do": "run", "text": "ä"}, arrays)), 1 << 20)
    assert read.header == {"do": "run", "text": "ä"}
    assert len(read.arrays) == 4
    for array, expected in zip(read.arrays, arrays, strict=True):
        assert array.dtype == expected.dtype
        np.testing.assert_array_equal(array, expected)


def test_what_was_read_can_be_changed() -> None:
    (array,) = read_message(send(Message({}, (np.zeros(2, np.float32),))), 8).arrays
    array[0] = 1


def test_only_plain_numbers_cross() -> None:
    with pytest.raises(ValueError, match="does not cross"):
        send(Message({}, (np.array([object()]),)))


def test_a_header_has_a_limit() -> None:
    with pytest.raises(ValueError, match="too long"):
        send(Message({"text": "x" * MAX_HEADER_BYTES}))


def test_arrays_have_a_limit_before_anything_is_allocated() -> None:
    stream = send(Message({}, (np.zeros(3, np.float32),)))
    with pytest.raises(WireError, match="12 bytes"):
        read_message(stream, 11)


@pytest.mark.parametrize("lie", list(LIES))
def test_what_is_no_message_is_refused(lie: str) -> None:
    with pytest.raises((WireError, EOFError)):
        read_message(io.BytesIO(LIES[lie]), 1 << 20)


def test_a_message_that_is_cut_off_ends_the_conversation() -> None:
    whole = send(Message({}, (np.zeros(3, np.float32),))).getvalue()
    for length in range(len(whole)):
        with pytest.raises(EOFError):
            read_message(io.BytesIO(whole[:length]), 1 << 20)


@pytest.mark.parametrize(
    "arrays",
    [
        5,
        [5],
        [{}],
        [{"dtype": 3, "shape": []}],
        [{"dtype": "object", "shape": []}],
        [{"dtype": "uint8", "shape": [True]}],
        [{"dtype": "uint8", "shape": [-1]}],
        [{"dtype": "uint8", "shape": [1 << 31]}],
        [{"dtype": "uint8", "shape": [1] * 9}],
        [{"dtype": "uint8", "shape": [1]}] * 65,
    ],
)
def test_arrays_that_are_not_described_are_refused(arrays: object) -> None:
    header = json.dumps({"arrays": arrays}).encode()
    with pytest.raises(WireError):
        read_message(io.BytesIO(struct.pack(">I", len(header)) + header), 1 << 20)


def test_untrusted_text_becomes_one_harmless_line() -> None:
    assert clean_text("![a](https://x.org/y.png)\n`b` <img> $c$ **d**") == (
        "!(a)(https: //x.org/y.png) ?b? (img) ?c? ??d??"
    )
    assert clean_text("layer1/conv_1.weight, 64 × 3") == "layer1/conv_1.weight, 64 × 3"
    assert clean_text("x" * 1000, 10) == "x" * 9 + "…"
