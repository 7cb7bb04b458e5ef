"""A convolution, place by place, with the reader's own numbers; see convolution_player.js."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

_HERE = Path(__file__).parent

_component = st.components.v2.component(
    "glass_box_convolution_player",
    html='<div class="player"></div>\n<!-- filled by convolution_player.js -->',
    css=(_HERE / "convolution_player.css").read_text(encoding="utf-8"),
    js=(_HERE / "convolution_player.js").read_text(encoding="utf-8"),
)

Nested = list[list[list[float]]]


@dataclass(frozen=True)
class ConvolutionScene:
    """A part of a picture and the kernels that slide over it.

    ``values`` (C, S, S) are the network's numbers of that part, ``pixels`` (S, S, 3) its colours;
    ``kernels`` (K, C, k, k), ``biases`` (K,); ``first`` is the kernel to start with.
    """

    values: Nested
    pixels: list[list[list[int]]]
    kernels: list[Nested]
    biases: list[float]
    stride: int
    first: int
    photo: str
    place: tuple[float, float, float]  # left, top, side as shares of the photo


def draw_convolution(scene: ConvolutionScene, colors: Mapping[str, str], key: str) -> None:
    """Draw the player: input, kernel and output, linked; all sums are made in the browser."""
    _component(data={**vars(scene), "place": list(scene.place), "colors": dict(colors)}, key=key)
