"""Which methods explain, and each one's own parameters, as the method declares them."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard import cache
from dashboard.attribution import METHODS
from dashboard.attribution.base import Method
from dashboard.attribution.params import ChoiceParam, IntParam, Param, Params, Value
from dashboard.inference.sight import Sight
from dashboard.widgets.option_select import select_option, select_several, slide_number

_METHODS = "methods"

# One strong method beside one trivial map. RISE asks any network, and needs no gradient.
ANYWHERE, BESIDE = "rise", "edges"


def choose_methods(sight: Sight) -> tuple[str, str]:
    """Return what is drawn before the reader chooses: the best method, as far as it is measured.

    The best by score and time together (``export.benchmark.verdict``), for a network of the zoo.
    """
    evidence = None if sight.is_own else cache.get_evidence()
    found = evidence.networks.get(sight.facts.name) if evidence else None
    return (found.best if found and found.best else ANYWHERE), BESIDE


def select_methods(sight: Sight) -> list[tuple[Method, Params]]:
    """Draw the choice of methods and their controls; return each method with its values."""
    reasons = {method.name: method.is_compatible(sight.model) for method in METHODS}
    offered = {method.name: method for method in METHODS if reasons[method.name] is None}

    names = select_several(
        _METHODS,
        "Explain with",
        choose_methods(sight),
        tuple(offered),
        lambda name: offered[name].label,
        help="Side by side, on the same photo. Intensity, edges and random are trivial maps: "
        "a method that does not beat them has explained nothing.",
    )
    for reason in filter(None, reasons.values()):
        st.caption(reason)
    chosen = [offered[name] for name in names]
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
    key, told = f"{method.name}.{param.name}", param.help or None
    if isinstance(param, ChoiceParam):
        return select_option(key, param.label, param.default, param.choices, help=told)
    if isinstance(param, IntParam):
        low, high = param.minimum, param.maximum
        return slide_number(key, param.label, param.default, low, high, param.step, told)
    return slide_number(
        key, param.label, param.default, param.minimum, param.maximum, param.step, told
    )
