"""What of a link could not be read: said once, never an error."""

from __future__ import annotations

import streamlit as st

from dashboard import state


def draw_complaints() -> None:
    """Name the parts of the link that meant nothing here, until the reader changes something."""
    complaints = state.get_complaints()
    if complaints:
        st.info("A part of the link means nothing here and was left out:", icon="🔗")
        # As code: the text is the visitor's, and markdown would load its pictures.
        st.code("\n".join(complaints), language=None)
