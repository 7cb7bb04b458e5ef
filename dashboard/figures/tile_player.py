"""Pictures that form step by step, leafed through in the browser; see tile_player.js."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from dashboard import charts

_HERE = Path(__file__).parent

_component = st.components.v2.component(
    "glass_box_tile_player",
    html='<div class="diffusion"></div>\n<!-- filled by tile_player.js -->',
    css=(_HERE / "tile_player.css").read_text(encoding="utf-8"),
    js=(_HERE / "tile_player.js").read_text(encoding="utf-8"),
)

# Both stand out on white and on near-black; the second line is dashed as well.
_LINES = (charts.BLUE, charts.ORANGE)


@dataclass(frozen=True)
class Panel:
    """A picture a frame: ``sprite`` is one row of ``tiles`` tiles; one tile serves all frames."""

    title: str
    sprite: str
    tiles: int


@dataclass(frozen=True)
class Row:
    """Panels side by side, a sentence a frame, and a line of the chart in [0, 1] (may be empty)."""

    title: str
    panels: Sequence[Panel]
    notes: Sequence[str]
    line: Sequence[float]


@dataclass(frozen=True)
class Player:
    """All that is scrubbed. ``identity`` changes with what is shown; ``start`` is the first frame.

    ``axis`` names the slider, ``chart`` says what the lines are, ``frames`` are the frames' names.
    """

    identity: str
    axis: str
    chart: str
    frames: Sequence[str]
    rows: Sequence[Row]
    start: int


def draw_player(player: Player, key: str, on_frame: Callable[[], None] | None = None) -> None:
    """Draw the player; with ``on_frame`` the frame on which the reader settles is sent."""
    data = {**asdict(player), "colors": list(_LINES), "tells": on_frame is not None}
    _component(data=data, key=key, on_frame_change=on_frame or _ignore)


def read_frame(value: Any, count: int) -> int | None:
    """Return the frame in what the browser sent, None if it is none of ``count`` frames."""
    sent = getattr(value, "frame", None)
    if not isinstance(sent, int) or isinstance(sent, bool):
        return None
    return sent if 0 <= sent < count else None


def _ignore() -> None:
    pass
