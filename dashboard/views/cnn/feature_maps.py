"""The maps of a network's layers over the photo, leafed through in the browser; see the .js."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

_HERE = Path(__file__).parent

_component = st.components.v2.component(
    "glass_box_feature_maps",
    html='<div class="maps"></div>\n<!-- filled by feature_maps.js -->',
    css=(_HERE / "feature_maps.css").read_text(encoding="utf-8"),
    js=(_HERE / "feature_maps.js").read_text(encoding="utf-8"),
)


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


def draw_feature_maps(
    photo: str,
    layers: Sequence[LayerMaps],
    unit: tuple[int, int],
    on_unit: Callable[[], None],
    colors: Mapping[str, str],
    key: str,
) -> None:
    """Draw the layers' maps; ``unit`` is the (layer, channel) that is open at first.

    A click makes ``get_unit`` return another one, and calls ``on_unit`` before the next run.
    """
    _component(
        data={
            "photo": photo,
            "layers": [vars(layer) for layer in layers],
            "unit": list(unit),
            "colors": dict(colors),
        },
        key=key,
        on_unit_change=on_unit,
    )


def read_unit(value: Any) -> tuple[int, int] | None:
    """Return the (layer, channel) in what the browser sent, None if it is no such thing."""
    sent = getattr(value, "unit", None)
    if not isinstance(sent, list | tuple) or len(sent) != 2:
        return None
    if not all(isinstance(number, int) for number in sent):
        return None
    return sent[0], sent[1]
