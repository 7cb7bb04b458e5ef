"""A walk down a loss surface, scrubbed step by step; see descent_player.js."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import streamlit as st

_HERE = Path(__file__).parent

_component = st.components.v2.component(
    "glass_box_descent_player",
    html='<div class="player"></div>\n<!-- filled by descent_player.js -->',
    css=(_HERE / "descent_player.css").read_text(encoding="utf-8"),
    js=(_HERE / "descent_player.js").read_text(encoding="utf-8"),
)


def draw_descent(
    scene: Mapping[str, Any], on_start: Callable[[], None], colors: Mapping[str, str], key: str
) -> None:
    """Draw the scene of ``dashboard.learning.frames.create_descent_scene``.

    A click on the map calls ``on_start`` before the next run; ``read_start`` tells where.
    """
    _component(data={**scene, "colors": dict(colors)}, key=key, on_start_change=on_start)


def read_start(value: Any) -> tuple[float, float] | None:
    """Return the place in what the browser sent, None if it is no such thing."""
    sent = getattr(value, "start", None)
    if not isinstance(sent, list | tuple) or len(sent) != 2:
        return None
    if not all(isinstance(part, int | float) and abs(part) < 1e6 for part in sent):
        return None
    return round(float(sent[0]), 2), round(float(sent[1]), 2)
