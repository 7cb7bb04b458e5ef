"""Which methods are on trial on this page."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard import state
from dashboard.attribution import METHODS
from dashboard.attribution.base import Method
from dashboard.inference.sight import Sight

CHOSEN = "box.methods"
DEFAULT_METHODS = ("saliency", "input_x_gradient", "grad_cam", "edges")
MAX_METHODS = 6


def list_methods(sight: Sight) -> list[Method]:
    """Return the methods that work on this network, trivial ones last."""
    return [method for method in METHODS if method.is_compatible(sight.model) is None]


def select_methods(sight: Sight) -> list[Method]:
    """Draw the choice of a few methods; a field of the URL that the experiments share."""
    offered = {each.name: each for each in list_methods(sight) if each.name != "random"}

    def parse(text: str) -> list[str] | None:
        names = [name for name in text.split(",") if name in offered]
        return names[:MAX_METHODS] or None

    default = [name for name in DEFAULT_METHODS if name in offered]
    chosen: Sequence[str] = state.bind(CHOSEN, default, parse, ",".join)
    known = [name for name in chosen if name in offered]
    if known != list(chosen):  # chosen for another network
        state.put(CHOSEN, known or default)
    names = st.pills(
        "Methods on trial",
        tuple(offered),
        format_func=lambda name: offered[name].label,
        selection_mode="multi",
        key=CHOSEN,
        persist_state="session",
        wrap=True,
        help="RISE, KernelSHAP and Occlusion ask the network hundreds of times for every map.",
    )
    picked = [offered[name] for name in offered if name in (names or ())]
    if not picked:
        st.info("Choose at least one method.")
    if len(picked) > MAX_METHODS:
        st.caption(f"The first {MAX_METHODS} of them are shown.")
    return picked[:MAX_METHODS]
