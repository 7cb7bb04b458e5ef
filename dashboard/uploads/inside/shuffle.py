"""The kernels and matrices of an uploaded graph, and their shuffling. Runs in the sandbox."""

from __future__ import annotations

import math
from collections.abc import Sequence

import onnx
from onnx import numpy_helper

from dashboard.inference.shuffling import shuffle_array
from dashboard.uploads.sandbox_wire import UploadError

_MIN_AXES = 2  # kernels and matrices; biases and scales have one axis
_FLOATS = (onnx.TensorProto.FLOAT, onnx.TensorProto.DOUBLE, onnx.TensorProto.FLOAT16)
_MAX_NAME = 80


def list_weights(model: onnx.ModelProto) -> list[onnx.TensorProto]:
    """Return what can be shuffled, in the order in which a picture meets it."""
    stored = {each.name: each for each in model.graph.initializer}
    used = dict.fromkeys(name for node in model.graph.node for name in node.input)
    return [stored[name] for name in used if name in stored and _is_weight(stored[name])]


def name_weights(model: onnx.ModelProto) -> list[str]:
    """Return their names, shortened."""
    return [weight.name[:_MAX_NAME] for weight in list_weights(model)]


def shuffle_weights(model: onnx.ModelProto, places: Sequence[int], seed: int) -> None:
    """Shuffle, in the graph itself, the weights at these places of the list."""
    weights = list_weights(model)
    for place in places:
        if not 0 <= place < len(weights):
            raise UploadError("There is no such weight.")
        shuffled = shuffle_array(numpy_helper.to_array(weights[place]), seed, place)
        weights[place].CopyFrom(numpy_helper.from_array(shuffled, weights[place].name))


def _is_weight(tensor: onnx.TensorProto) -> bool:
    is_float = tensor.data_type in _FLOATS
    return is_float and len(tensor.dims) >= _MIN_AXES and math.prod(tensor.dims) > 1
