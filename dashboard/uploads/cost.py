"""What an uploaded network takes: its layers' work and its memory, counted in the sandbox."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dashboard.inference.layer_macs import KINDS, LayerCost
from dashboard.uploads.file import UploadedFile
from dashboard.uploads.sandbox_wire import Header, UploadError
from dashboard.uploads.spec import InputSpec

_MAX_LAYERS, _MAX_AXES, _MAX_NUMBER = 20_000, 16, 1 << 62


@dataclass(frozen=True)
class UploadCost:
    """Work by layer, and the most numbers that are alive at once beside the weights."""

    layers: tuple[LayerCost, ...]
    peak: int


def encode_cost(layers: Sequence[LayerCost], peak: int, batch: int) -> Header:
    """Return what was counted for ``batch`` images as the sandbox sends it, for one."""
    rows = [
        [each.kind, each.shape, each.macs // batch, each.weights, each.outputs // batch]
        for each in layers
    ]
    return {"layers": rows, "peak": peak // batch}


def count_upload(file: UploadedFile, spec: InputSpec) -> UploadCost:
    """Return the cost of one answer to an image of the size in ``spec``.

    Raises:
        UploadError: a shape cannot be inferred, or the network has no layer that multiplies.
    """
    request = {"do": "cost", "image": spec.name, "shape": list(spec.graph_shape)}
    header = file.ask_once(request).header
    rows = header.get("layers")
    if not isinstance(rows, list) or not 0 < len(rows) <= _MAX_LAYERS:
        raise UploadError("No convolution or matrix product was found in this network.")
    layers = tuple(_parse_layer(index, row) for index, row in enumerate(rows, 1))
    return UploadCost(layers, _parse_number(header.get("peak")))


def _parse_layer(index: int, row: Any) -> LayerCost:
    if not isinstance(row, list) or len(row) != 5 or row[0] not in KINDS:
        raise UploadError("The sandbox sent a layer that is none.")
    kind, shape, *numbers = row
    if not isinstance(shape, list) or len(shape) > _MAX_AXES:
        raise UploadError("The sandbox sent a layer that is none.")
    macs, weights, outputs = (_parse_number(each) for each in numbers)
    axes = tuple(_parse_number(each) for each in shape)
    return LayerCost(f"{index} {kind}", kind, axes, macs, weights, outputs)


def _parse_number(value: Any) -> int:
    if not isinstance(value, int) or not 0 <= value < _MAX_NUMBER:
        raise UploadError("The sandbox sent a count that is none.")
    return value
