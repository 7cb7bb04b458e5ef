"""A small network learning, step by step, with a number on every edge; see network_player.js."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import streamlit as st

_HERE = Path(__file__).parent

_component = st.components.v2.component(
    "glass_box_network_player",
    html='<div class="player"></div>\n<!-- filled by network_player.js -->',
    css=(_HERE / "network_player.css").read_text(encoding="utf-8"),
    js=(_HERE / "network_player.js").read_text(encoding="utf-8"),
)


def draw_network(scene: Mapping[str, Any], colors: Mapping[str, str], key: str) -> None:
    """Draw the scene of ``dashboard.learning.frames.create_network_scene``.

    One point's passes are made in the browser from the frame's weights, so that any point can be
    opened; the gradients of all points come with the frame.
    """
    _component(data={**scene, "colors": dict(colors)}, key=key)
