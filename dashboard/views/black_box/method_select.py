"""Which methods are on trial on this page."""

from __future__ import annotations

import streamlit as st

from dashboard.attribution import METHODS
from dashboard.attribution.base import Method
from dashboard.inference.sight import Sight
from dashboard.widgets.option_select import select_several

CHOSEN = "box.methods"
DEFAULT_METHODS = ("saliency", "guided_backprop", "input_x_gradient", "grad_cam", "edges")
MAX_METHODS = 6


def list_methods(sight: Sight) -> list[Method]:
    """Return the methods that work on this network, trivial ones last."""
    return [method for method in METHODS if method.is_compatible(sight.model) is None]


def select_methods(sight: Sight) -> list[Method]:
    """Draw the choice of a few methods; a field of the URL that the experiments share."""
    offered = {each.name: each for each in list_methods(sight) if each.name != "random"}

    names = select_several(
        CHOSEN,
        "Methods on trial",
        DEFAULT_METHODS,
        tuple(offered),
        lambda name: offered[name].label,
        help="RISE, KernelSHAP and Occlusion ask the network hundreds of times for a map, or more.",
    )
    picked = [offered[name] for name in names]
    if not picked:
        st.info("Choose at least one method.")
    if len(picked) > MAX_METHODS:
        st.caption(f"The first {MAX_METHODS} of them are shown.")
    return picked[:MAX_METHODS]
