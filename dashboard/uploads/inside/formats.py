"""What was uploaded instead of an ONNX file, judged by its bytes, and how to get one from it."""

from __future__ import annotations

import struct

from dashboard.inference.formats import is_readable_format

_TORCH = (
    "This is a PyTorch file, which holds code and weights but no graph: load it in Python, call "
    "torch.onnx.export(model, example, 'model.onnx', external_data=False) and upload model.onnx."
)
_KERAS = (
    "This is a Keras file: turn it into ONNX with tf2onnx (python -m tf2onnx.convert "
    "--keras model.h5 --output model.onnx) and upload model.onnx."
)
_TENSORFLOW = (
    "This is a TensorFlow file: turn it into ONNX with tf2onnx (python -m tf2onnx.convert "
    "--saved-model folder --output model.onnx) and upload model.onnx."
)

_STARTS = {
    b"\x89HDF\r\n\x1a\n": _KERAS,
    b"GGUF": "This is a GGUF language model: an image classifier in ONNX is needed.",
    b"\x1f\x8b": "This is a compressed archive: unpack it and upload the .onnx file in it.",
    b"7z\xbc\xaf": "This is a compressed archive: unpack it and upload the .onnx file in it.",
    b"<?xml": "This is XML, perhaps of OpenVINO: upload the ONNX file that it was made from.",
    b"{": "This is JSON: the network itself is needed, as an ONNX file.",
    b"MZ": "This is a program: upload a network as an ONNX file.",
    b"\x7fELF": "This is a program: upload a network as an ONNX file.",
}

# The name of a schema, after the root's offset (FlatBuffers).
_FLATBUFFERS = {
    b"TFL3": (
        "This is a TensorFlow Lite file: turn it into ONNX with tf2onnx (python -m "
        "tf2onnx.convert --tflite model.tflite --output model.onnx) and upload model.onnx."
    ),
    b"ORTM": "This is ONNX Runtime's own format: upload the .onnx file that it was made from.",
}

# A zip archive lists its members at its end, and begins with the first.
_ZIP_BYTES = 1 << 16

_TENSORFLOW_MARKS = (b"_output_shapes", b"saved_model", b"tensorflow")


def describe_foreign(data: bytes) -> str | None:
    """Return a sentence if the file is of another known kind than ONNX, else None."""
    if not data:
        return "The file is empty: export the model again."
    if data[4:8] in _FLATBUFFERS:
        return _FLATBUFFERS[data[4:8]]
    if data[:1] == b"\x80" and data[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05"):
        return f"{_TORCH} (Or a pickle of another library: export that to ONNX.)"
    if data.startswith(b"PK\x03\x04"):
        return _describe_zip(data[:_ZIP_BYTES] + data[-_ZIP_BYTES:])
    if _is_safetensors(data):
        return (
            "This is a safetensors file, which holds weights but no graph: load it into its model "
            "in Python, export that to ONNX and upload the .onnx file."
        )
    if is_readable_format(data):
        return "This is a photo, not a network: it belongs into the field for photos."
    return next((text for start, text in _STARTS.items() if data.startswith(start)), None)


def describe_unparsable(data: bytes) -> str:
    """Return a sentence on a file that no parser could read as ONNX."""
    if any(mark in data[:_ZIP_BYTES] for mark in _TENSORFLOW_MARKS):
        return _TENSORFLOW
    return "This is not an ONNX file, or it is damaged or cut off: export or download it again."


def _describe_zip(ends: bytes) -> str:
    if b"data.pkl" in ends:
        return _TORCH
    if b"model.weights.h5" in ends:
        return _KERAS
    return "This is a zip archive: unpack it and upload the .onnx file in it."


def _is_safetensors(data: bytes) -> bool:
    if len(data) < 10:
        return False
    (length,) = struct.unpack("<Q", data[:8])
    return 2 <= length <= len(data) - 8 and data[8:10] in (b'{"', b"{}", b"{ ")
