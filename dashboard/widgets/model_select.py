"""Which network: the sidebar's choice, shared by all pages."""

from __future__ import annotations

import streamlit as st

from dashboard import cache, state

KEY = "model"


def select_model() -> str:
    """Draw the choice of the network and return its name in the zoo ("" where none can be read)."""
    entries = cache.get_zoo()
    titles = {entry.name: entry.title for entry in entries if entry.error is None}
    for entry in entries:
        if entry.error is not None:
            st.error(entry.error, icon="⚠️")
    if not titles:
        return ""
    names = tuple(titles)
    state.bind(KEY, names[0], lambda text: text if text in titles else None)
    return st.selectbox(
        "Network",
        names,
        format_func=lambda name: titles[name],
        key=KEY,
        persist_state="session",
        help="The trained network that looks at your photo. It runs as an ONNX graph.",
    )
