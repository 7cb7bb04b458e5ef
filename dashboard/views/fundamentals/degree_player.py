"""A polynomial of every degree through the same samples, scrubbed; see degree_player.js."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import streamlit as st

_HERE = Path(__file__).parent

_component = st.components.v2.component(
    "glass_box_degree_player",
    html='<div class="player"></div>\n<!-- filled by degree_player.js -->',
    css=(_HERE / "degree_player.css").read_text(encoding="utf-8"),
    js=(_HERE / "degree_player.js").read_text(encoding="utf-8"),
)


def draw_degrees(scene: Mapping[str, Any], colors: Mapping[str, str], key: str) -> None:
    """Draw the scene of ``dashboard.learning.frames.create_fit_scene``."""
    _component(data={**scene, "colors": dict(colors)}, key=key)
