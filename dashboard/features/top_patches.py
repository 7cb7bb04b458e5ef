"""Which parts of the shipped pictures excite a unit most (Zeiler and Fergus 2014)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dashboard.inference.inner import InnerModel
from dashboard.inference.model import Floats
from dashboard.inference.stages import Stage

Views = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Peaks:
    """Each channel's strongest answer in every picture: its value and its place, (N, C) each.

    The value is that before the activation: below zero the unit stays silent.

    A place is row * side + column of the map.
    """

    values: Floats
    places: NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Patch:
    """A part (h, w, 3) of picture number ``index``, with the unit's activation there."""

    pixels: Views
    index: int
    value: float


def find_peaks(
    model: InnerModel,
    inputs: Floats,
    chunk: int,
    move: Callable[[float], None] = lambda fraction: None,
) -> tuple[Peaks, ...]:
    """Return one entry a stage for pictures (N, C, H, W), looked at ``chunk`` at a time."""
    parts: list[list[Peaks]] = []
    for start in range(0, len(inputs), chunk):
        _, layers = model.look(inputs[start : start + chunk], is_before=True)
        parts.append([_find_peaks(layer) for layer in layers])
        move(min(1.0, (start + chunk) / len(inputs)))
    return tuple(
        Peaks(
            np.concatenate([part.values for part in stage]),
            np.concatenate([part.places for part in stage]),
        )
        for stage in zip(*parts, strict=True)
    )


def _find_peaks(layer: Floats) -> Peaks:
    flat = layer.reshape(*layer.shape[:2], -1)  # (N, C, places)
    return Peaks(flat.max(axis=2), flat.argmax(axis=2).astype(np.int32))


def cut_patches(
    views: Views, stage: Stage, peaks: Peaks, channel: int, count: int
) -> tuple[Patch, ...]:
    """Return the receptive fields with the highest activations, one a picture, strongest first.

    Pictures (N, H, W, 3) in which the unit stays silent give none.
    """
    values = peaks.values[:, channel]
    strongest = np.argsort(-values, kind="stable")[:count]
    return tuple(
        Patch(cut_field(views[i], stage, int(peaks.places[i, channel])), int(i), float(values[i]))
        for i in strongest
        if values[i] > 0
    )


def cut_field(view: Views, stage: Stage, place: int) -> Views:
    """Return what the unit at a place sees of a picture (H, W, 3), cut at the picture's border."""
    row, column = divmod(place, stage.side)
    top, bottom = _find_span(row, stage, view.shape[0])
    left, right = _find_span(column, stage, view.shape[1])
    return view[top:bottom, left:right]


def _find_span(index: int, stage: Stage, length: int) -> tuple[int, int]:
    centre = stage.field.start + index * stage.field.jump
    half = (stage.field.size - 1) / 2
    return max(0, int(np.floor(centre - half))), min(length, int(np.ceil(centre + half)) + 1)
