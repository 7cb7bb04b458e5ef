"""A network in 8-bit whole numbers, made here and now, and what that costs.

Weights and activations are rounded to 256 levels (Jacob et al. 2018, arXiv 1712.05877), by ONNX
Runtime's own static quantiser: weights a channel, activations by the range they have on a few real
inputs.
"""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from math import comb
from pathlib import Path
from typing import Any

import numpy as np

from dashboard.inference.cards import PREDICT_FILE
from dashboard.inference.errors import create_zoo_error
from dashboard.inference.model import Floats
from dashboard.limits.maps import compare_maps

_WINDOWS = 7  # a side, of the occlusion


@dataclass(frozen=True, eq=False)
class Quantised:
    """The same network in 32 and in 8 bits: two ONNX graphs in memory, weights included."""

    before: bytes
    after: bytes


@dataclass(frozen=True)
class Agreement:
    """8 bits beside 32 on the same inputs: ``same`` of ``n`` answers; accuracies where known.

    ``alone`` are how many only 32 bits and how many only 8 bits have right, where known.
    ``maps`` is the mean rank correlation of occlusion maps, ``other`` that of maps of different
    inputs: what two maps share anyway.
    """

    same: int
    n: int
    accuracy: tuple[float, float] | None
    alone: tuple[int, int] | None
    maps: float
    other: float


def quantise(folder: Path, inputs: Floats) -> Quantised:
    """Return the 8-bit network of a model of the zoo, calibrated on inputs (N, C, H, W).

    Raises:
        ZooError: the graph cannot be read or quantised.
    """
    import onnx
    from onnxruntime.quantization import (
        CalibrationDataReader,
        QuantFormat,
        QuantType,
        quantize_static,
    )

    path = folder / PREDICT_FILE
    try:
        model = onnx.load(str(path))
        _widen(model)
        name = model.graph.input[0].name

        class Reader(CalibrationDataReader):  # type: ignore[misc]  # it has no type stubs
            def __init__(self) -> None:
                self.rows: Iterator[dict[str, Floats]] = iter(
                    {name: inputs[i : i + 1]} for i in range(len(inputs))
                )

            def get_next(self) -> dict[str, Floats] | None:
                return next(self.rows, None)

        with tempfile.TemporaryDirectory() as work, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            wide, small = Path(work) / "wide.onnx", Path(work) / "small.onnx"
            onnx.save_model(model, str(wide))
            quantize_static(
                str(wide),
                str(small),
                Reader(),
                quant_format=QuantFormat.QDQ,
                per_channel=True,
                weight_type=QuantType.QInt8,
                activation_type=QuantType.QUInt8,
            )
            return Quantised(wide.read_bytes(), small.read_bytes())
    except Exception as error:  # onnx and the quantiser raise many classes of their own
        raise create_zoo_error(path, "cannot be made 8-bit") from error


def _widen(model: Any) -> None:
    """Store weights as float32 where the graph casts half-precision ones when it is loaded."""
    from onnx import numpy_helper

    stored = {weight.name: weight for weight in model.graph.initializer}
    casts = [n for n in model.graph.node if n.op_type == "Cast" and n.input[0] in stored]
    for node in casts:
        weight = stored[node.input[0]]
        wide = numpy_helper.to_array(weight).astype(np.float32)
        model.graph.initializer.append(numpy_helper.from_array(wide, node.output[0]))
        model.graph.initializer.remove(weight)
        model.graph.node.remove(node)


def open_on_cpu(graph: bytes, threads: int) -> Any:
    """Return a session of an ONNX graph on the CPU, whatever else this machine has."""
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    return ort.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


def occlude(inputs: Floats, target: int, predict: Any) -> Floats:
    """Return how far the target's score falls when each of 7 x 7 windows is set to the mean.

    ``predict`` maps (N, C, H, W) to scores (N, classes); inputs are (1, C, H, W). The same for both
    networks, and in need of no gradient: an 8-bit graph has none.
    """
    height, width = inputs.shape[2:]
    rows = np.linspace(0, height, _WINDOWS + 1).astype(int)
    columns = np.linspace(0, width, _WINDOWS + 1).astype(int)
    hidden = np.repeat(inputs, _WINDOWS**2, axis=0)
    mean = inputs.mean(axis=(2, 3))[0][:, np.newaxis, np.newaxis]
    for index in range(_WINDOWS**2):
        y, x = divmod(index, _WINDOWS)
        hidden[index, :, rows[y] : rows[y + 1], columns[x] : columns[x + 1]] = mean
    falls = predict(inputs)[0, target] - predict(hidden)[:, target]
    grid: Floats = falls.reshape(_WINDOWS, _WINDOWS).astype(np.float32)
    return grid


def compare_networks(
    inputs: Floats, labels: Any, first: Any, second: Any, maps: int = 6
) -> Agreement:
    """Return how far two networks agree on inputs (N, C, H, W); ``labels`` (N,) or None.

    ``first`` and ``second`` map inputs to scores; maps are drawn for the first ``maps`` inputs.
    """
    answers = [predict(inputs).argmax(1) for predict in (first, second)]
    heats = [
        [occlude(inputs[i : i + 1], int(answers[0][i]), predict) for predict in (first, second)]
        for i in range(min(maps, len(inputs)))
    ]
    own = [compare_maps(a, b, True)[0] for a, b in heats]
    others = [
        compare_maps(heats[i][0], heats[j][0], True)[0] for i in range(len(heats)) for j in range(i)
    ]
    right = None if labels is None else [each == labels for each in answers]
    return Agreement(
        int((answers[0] == answers[1]).sum()),
        len(inputs),
        None if right is None else (float(right[0].mean()), float(right[1].mean())),
        None
        if right is None
        else (int((right[0] & ~right[1]).sum()), int((right[1] & ~right[0]).sum())),
        _mean(own),
        _mean(others),
    )


def compute_sign_test(one: int, other: int) -> float:
    """Return how often a fair coin splits ``one + other`` tosses at least as unevenly.

    The exact form of McNemar 1947, https://doi.org/10.1007/BF02295996: what both networks have
    right, or wrong, says nothing on which of them is better.
    """
    n = one + other
    rare = sum(comb(n, k) for k in range(min(one, other) + 1))
    return float(min(1.0, 2 * rare / 2**n))


def _mean(values: list[float | None]) -> float:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else float("nan")
