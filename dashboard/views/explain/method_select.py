"""Which methods explain, and each one's own parameters, as the method declares them."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard import state
from dashboard.attribution import METHODS
from dashboard.attribution.base import Method
from dashboard.attribution.params import ChoiceParam, IntParam, Param, Params, Value
from dashboard.inference.model import Model

_METHODS = "methods"

# The first visit shows one strong method and one trivial map, and needs no torch.
DEFAULT_METHODS = ("rise", "edges")


def select_methods(model: Model) -> list[tuple[Method, Params]]:
    """Draw the choice of methods and their controls; return each method with its values."""
    reasons = {method.name: method.is_compatible(model) for method in METHODS}
    offered = {method.name: method for method in METHODS if reasons[method.name] is None}

    def parse(text: str) -> list[str] | None:
        names = [name for name in text.split(",") if name in offered]
        return names or None

    default = [name for name in DEFAULT_METHODS if name in offered]
    state.bind(_METHODS, default, parse, ",".join)
    names = st.pills(
        "Explain with",
        tuple(offered),
        format_func=lambda name: offered[name].label,
        selection_mode="multi",
        key=_METHODS,
        persist_state="session",
        wrap=True,
        help="Side by side, on the same photo. Intensity, edges and random are trivial maps: "
        "a method that does not beat them has explained nothing.",
    )
    for reason in filter(None, reasons.values()):
        st.caption(reason)
    chosen = [offered[name] for name in offered if name in (names or ())]
    return [(method, values) for method, values in zip(chosen, _draw_controls(chosen), strict=True)]


def _draw_controls(methods: Sequence[Method]) -> list[Params]:
    values: list[Params] = []
    with st.container(horizontal=True):
        for method in methods:
            with st.popover(method.label, icon="⚙️"):
                st.markdown(method.help)
                values.append({p.name: _draw_param(method, p) for p in method.params})
                st.caption(f"Source: {method.source}")
    return values


def _draw_param(method: Method, param: Param) -> Value:
    key = f"{method.name}.{param.name}"
    state.bind(key, param.default, param.parse)
    if isinstance(param, ChoiceParam):
        return st.selectbox(
            param.label, param.choices, key=key, help=param.help or None, persist_state="session"
        )
    if isinstance(param, IntParam):
        return st.slider(
            param.label,
            param.minimum,
            param.maximum,
            step=param.step,
            key=key,
            help=param.help or None,
            persist_state="session",
        )
    return st.slider(
        param.label,
        param.minimum,
        param.maximum,
        step=param.step,
        key=key,
        help=param.help or None,
        persist_state="session",
    )
