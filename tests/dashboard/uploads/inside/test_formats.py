"""Files that are no ONNX, or no longer."""

import io
import json
import os
import pickle
import struct
import zipfile

import numpy as np
import onnx
import pytest
from onnx import helper

from dashboard.uploads.inside.checks import check_upload
from dashboard.uploads.sandbox_wire import UploadError
from tests.dashboard.uploads.hostile import refuse
from tests.dashboard.uploads.networks import create_network


def make_zip(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, b"0" * 100)
    return buffer.getvalue()


def make_safetensors() -> bytes:
    header = json.dumps({"w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
    return struct.pack("<Q", len(header)) + header + bytes(4)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "The file is empty"),
        (make_zip("archive/data.pkl", "archive/data/0"), "PyTorch file"),
        (make_zip("config.json", "model.weights.h5"), "Keras file"),
        (make_zip("model.onnx"), "zip archive: unpack it"),
        (pickle.dumps({"a": 1}), "PyTorch file"),
        (b"\x89HDF\r\n\x1a\n" + bytes(100), "Keras file"),
        (b"\x1c\0\0\0TFL3" + bytes(100), "TensorFlow Lite file"),
        (b"\x1c\0\0\0ORTM" + bytes(100), "ONNX Runtime's own format"),
        (make_safetensors(), "safetensors file"),
        (b"GGUF" + bytes(100), "GGUF"),
        (b"\x1f\x8b" + bytes(100), "compressed archive"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "This is a photo"),
        (b'{"weights": []}', "This is JSON"),
        (b"<?xml version='1.0'?><net/>", "OpenVINO"),
        (b"\x0a\x10saved_model_main" + b"\xff" * 9, "TensorFlow file"),
        (b"hello, this is a text", "not an ONNX file"),
        (os.urandom(2_000), ""),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_another_kind_of_file_is_told_how_to_become_onnx(data: bytes, sentence: str) -> None:
    assert sentence in refuse(data)


def test_a_file_that_is_cut_off_anywhere() -> None:
    data = create_network().SerializeToString()
    for length in range(1, len(data), 37):
        refuse(data[:length])


def test_a_file_with_broken_bytes_never_gives_anything_but_a_sentence() -> None:
    data = create_network().SerializeToString()
    rng = np.random.default_rng(0)
    for _ in range(300):
        broken = bytearray(data)
        for place in rng.integers(len(data), size=rng.integers(1, 20)):
            broken[place] = rng.integers(256)
        try:
            check_upload(bytes(broken))
        except UploadError as error:
            assert "\n" not in str(error)


def test_onnx_without_a_network() -> None:
    empty = onnx.ModelProto(ir_version=9, opset_import=[helper.make_opsetid("", 18)])
    empty.graph.name = "empty"
    assert refuse(empty) == "The file is ONNX, but its network has no nodes."
