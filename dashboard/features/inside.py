"""What the page on CNNs shows of a picture, computed once: maps, kernels, evidence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dashboard.channel_pictures import encode_url, tile_kernels, tile_maps
from dashboard.features.channels import compute_contributions
from dashboard.inference.counts import tell_count
from dashboard.inference.inner import InnerModel
from dashboard.inference.model import Floats
from dashboard.inference.preprocessing import Pixels, compute_input_range, to_pixels
from dashboard.inference.sight import Sight
from dashboard.inference.stages import FirstConvolution, Stage

N_TILES = 24
_HOP = 3  # outputs between the parts that are compared
OUTPUT_SIDE = 7  # of the animated convolution: 49 places, still legible on a phone


@dataclass(frozen=True, eq=False)
class Inside:
    """A picture inside a network.

    ``contributions``: one (C,) a stage, to the logit of the answer; ``channels``: one tuple a
    stage, those shown, most contributing first; ``sprites``: their tiles as data URLs.
    """

    contributions: tuple[Floats, ...]
    channels: tuple[tuple[int, ...], ...]
    sprites: tuple[str, ...]
    kernels: str


def look_inside(model: InnerModel, sight: Sight) -> Inside:
    """Compute what is shown of a picture before a network that can be opened."""
    pairs = model.explain(sight.inputs, sight.target)
    contributions = tuple(compute_contributions(*pair) for pair in pairs)
    channels = tuple(
        tuple(int(c) for c in np.argsort(-each, kind="stable")[:N_TILES]) for each in contributions
    )
    return Inside(
        contributions=contributions,
        channels=channels,
        sprites=tuple(
            encode_url(tile_maps(pair[0][0, list(chosen)]))
            for pair, chosen in zip(pairs, channels, strict=True)
        ),
        kernels=encode_url(tile_kernels(model.read_kernels().weight[list(channels[0])])),
    )


def name_stage(stages: tuple[Stage, ...], index: int) -> str:
    """Return a layer's name for the reader: where it stands, and how fine its map is."""
    last = len(stages) - 1
    where = "early" if index == 0 else "late" if index == last else "middle"
    return f"{index + 1} {where}, {stages[index].side} × {stages[index].side}"


def describe_stage(stage: Stage, picture_side: int) -> str:
    """Return how many maps a layer has, what one unit of it can see, and where the next looks."""
    size, step = int(stage.field.size), int(stage.field.jump)
    seen = f"Each number can see a window of {size} × {size} pixels"
    if _sees_all(stage, picture_side):
        seen = f"Each number can see the whole picture (its window is {size} pixels wide)"
    elif size >= picture_side:
        seen += f", wider than the picture's {picture_side}: from the middle of the map all of it"
    return (
        f"{stage.channels:,} maps of {stage.side} × {stage.side} numbers. {seen}; its neighbour's "
        f"lies {tell_count(step, 'pixel')} further on."
    )


def _sees_all(stage: Stage, picture_side: int) -> bool:
    """Return whether even a unit in the corner sees the corner opposite."""
    return stage.field.start + (stage.field.size - 1) / 2 >= picture_side - 1


@dataclass(frozen=True, eq=False)
class Sliding:
    """A part of a picture for the animated convolution, on the grid of the layer's output.

    ``values`` (C, S, S) network values, ``pixels`` (S, S, 3); ``place`` (left, top, side) as
    shares of the picture; ``output`` (row, column) is where on the layer's map it begins.
    """

    values: Floats
    pixels: Pixels
    place: tuple[float, float, float]
    output: tuple[int, int]
    first: int


def convolve(values: Floats, kernels: FirstConvolution) -> Floats:
    """Return the first layer's sums (K, side, side) on a part (C, S, S), without a border."""
    size, step = kernels.weight.shape[-1], kernels.stride
    windows = np.lib.stride_tricks.sliding_window_view(values, (size, size), (1, 2))
    windows = windows[:, ::step, ::step]  # (C, side, side, k, k)
    sums: Floats = np.einsum("cijuv,ocuv->oij", windows, kernels.weight)
    return sums + kernels.bias[:, np.newaxis, np.newaxis]


def cut_sliding(model: InnerModel, inputs: Floats, kernels: FirstConvolution) -> Sliding:
    """Return the most varied part of a picture (1, C, H, W), and the kernel that it varies most."""
    size, step, pad = kernels.weight.shape[-1], kernels.stride, kernels.pad
    width = inputs.shape[2]
    first = -(-pad // step)  # outputs before this one see the border, which is not shown
    last = (width - size + pad) // step
    side = min(OUTPUT_SIDE, last - first + 1)
    extent = (side - 1) * step + size
    corners = [
        (top, left)
        for top in range(first, last - side + 2, _HOP)
        for left in range(first, last - side + 2, _HOP)
    ]
    parts = [_cut(inputs[0], top * step - pad, left * step - pad, extent) for top, left in corners]
    chosen = int(np.argmax([part.std(axis=(1, 2)).sum() for part in parts]))
    part, (top, left) = parts[chosen], corners[chosen]
    y, x = top * step - pad, left * step - pad
    return Sliding(
        values=part,
        pixels=to_pixels(part[np.newaxis], compute_input_range(model.card))[0],
        place=(x / width, y / width, extent / width),
        output=(top, left),
        first=int(convolve(part, kernels).std(axis=(1, 2)).argmax()),
    )


def _cut(values: Floats, row: int, column: int, side: int) -> Floats:
    return values[:, row : row + side, column : column + side]
