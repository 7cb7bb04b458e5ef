"""ONNX Runtime as the exporting side uses it: on the CPU, quiet, with other weights if wanted."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnx import helper
from torch import Tensor

from export.graphs import to_stored


def open_session(path: Path, weights: Mapping[str, Tensor] | None = None) -> Any:
    """Return a quiet ONNX Runtime session on the CPU, with other weights in the graph if given."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    if weights:
        # Only a value that shares the array's memory is taken.
        arrays = to_stored(weights)
        values = [
            onnxruntime.OrtValue.ortvalue_from_numpy_with_onnx_type(
                array, helper.np_dtype_to_tensor_dtype(array.dtype)
            )
            for array in arrays.values()
        ]
        options.add_external_initializers(list(arrays), values)
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def run_in_batches(
    session: Any, output: str, feed: Mapping[str, NDArray[Any]], batch: int = 250
) -> NDArray[Any]:
    """Return one output for all rows of a feed."""
    count = len(next(iter(feed.values())))
    parts = [
        session.run([output], {name: values[i : i + batch] for name, values in feed.items()})[0]
        for i in range(0, count, batch)
    ]
    return np.concatenate(parts)
