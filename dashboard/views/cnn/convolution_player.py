"""A convolution, place by place, with the reader's own numbers; see convolution_player.js."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.figures.base import Control, create_figure
from dashboard.parsing import parse_whole

_draw = create_figure("views/cnn/convolution_player")

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


def draw_convolution(scene: ConvolutionScene, of: str) -> None:
    """Draw the player: input, kernel and output, linked; all sums are made in the browser.

    ``of`` names the network and the picture: with others it starts again.
    """
    size, k = len(scene.values[0]), len(scene.kernels[0][0])
    places = ((size - k) // scene.stride + 1) ** 2
    controls = {
        "kernel": Control("cnn.kernel", scene.first, parse_whole(0, len(scene.kernels) - 1), of=of),
        "place": Control("cnn.place", 0, parse_whole(0, places - 1), of=of),
    }
    _draw(vars(scene), "convolution", controls)
