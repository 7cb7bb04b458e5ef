"""A button that copies the address of the page as it stands; see copy_link.js."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

_HERE = Path(__file__).parent

_component = st.components.v2.component(
    "glass_box_copy_link",
    html='<button type="button">🔗 Copy link to this</button><span role="status"></span>',
    css=(_HERE / "copy_link.css").read_text(encoding="utf-8"),
    js=(_HERE / "copy_link.js").read_text(encoding="utf-8"),
)


def draw_copy_link() -> None:
    """Draw the button: the address holds all fields of the page that are not at their default."""
    _component(key="copy_link", width="content")
