"""The kernels and matrices of a network of the zoo, in the order in which a picture meets them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard.inference.cards import PREDICT_FILE
from dashboard.inference.errors import create_zoo_error

_MIN_AXES = 2  # kernels and matrices; biases and scales have one axis


def read_weights(folder: Path) -> Mapping[str, NDArray[Any]]:
    """Return the weights of ``predict.onnx`` that ``create_session`` can replace, by name.

    Only arrays of two axes and more that lie outside the graph's file: biases are left out.

    Raises:
        ZooError: the graph cannot be read.
    """
    import onnx
    from onnx import numpy_helper

    path = folder / PREDICT_FILE
    try:
        graph = onnx.load(str(path), load_external_data=False).graph
        outside = {
            each.name: each
            for each in graph.initializer
            if each.data_location == onnx.TensorProto.EXTERNAL and len(each.dims) >= _MIN_AXES
        }
        used = dict.fromkeys(name for node in graph.node for name in _list_used(graph, node))
        return {
            name: np.array(numpy_helper.to_array(outside[name], str(folder)))
            for name in used
            if name in outside
        }
    except Exception as error:  # protobuf and onnx raise classes of their own
        raise create_zoo_error(path, "is no graph that can be read") from error


def _list_used(graph: Any, node: Any) -> list[str]:
    """Return the weights that a node reads: half-precision ones are cast before, all at once."""
    if node.op_type == "Cast":
        return []
    casts = {each.output[0]: each.input[0] for each in graph.node if each.op_type == "Cast"}
    return [casts.get(name, name) for name in node.input]
