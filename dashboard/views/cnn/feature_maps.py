"""The maps of a network's layers over the photo, leafed through in the browser; see the .js."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dashboard.figures.base import Control, Controls, create_figure
from dashboard.parsing import parse_whole

_draw = create_figure("views/cnn/feature_maps")


@dataclass(frozen=True)
class LayerMaps:
    """Some maps of a layer: one picture (a data URL) of tiles, ``columns`` a row.

    ``channels`` says which channel each tile is, ``notes`` what it contributes; ``kernels`` is a
    picture of the same tiling where the layer's kernels can be drawn, else "".
    """

    title: str
    note: str
    sprite: str
    columns: int
    channels: Sequence[int]
    notes: Sequence[str]
    kernels: str = ""


def draw_feature_maps(photo: str, layers: Sequence[LayerMaps], controls: Controls) -> None:
    """Draw the layers' maps; ``controls`` has the "layer" and "unit" that are open, for a click."""
    last, opened = len(layers) - 1, controls["layer"].bind()
    shown = Control("cnn.shown", opened, parse_whole(0, last), of=f"{photo[-40:]}/{opened}")
    data = {"photo": photo, "layers": [vars(layer) for layer in layers]}
    _draw(data, "feature_maps", {**controls, "shown": shown})
