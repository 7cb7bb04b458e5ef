"""Would another seed give the same map? Asked for each map that was drawn by lot, on demand."""

from __future__ import annotations

import math
from functools import partial

import streamlit as st

from dashboard import state
from dashboard.attribution.base import Method
from dashboard.attribution.params import IntParam
from dashboard.cache import get_store
from dashboard.explanation.flow import Explanation, Findings, Request
from dashboard.inference.counts import tell_count
from dashboard.limits import stability
from dashboard.limits.stability import Stability
from dashboard.widgets.on_demand import Move, compute_on_demand

_SIMILAR = 0.5  # from here on half of what sets pixels apart is common to both maps


def draw_stability(request: Request, findings: Findings) -> None:
    """Draw the question, and the answer once asked for, of every map that was drawn by lot."""
    drawn = [each for each in findings.explanations if each.map and _is_drawn_by_lot(each.method)]
    if not drawn:
        return
    with st.container(border=True):
        st.markdown(
            "**Drawn at random.** Would another seed give the same map? It is drawn once more, "
            "with other random numbers and nothing else changed. What more draws would bring is "
            "a forecast (Spearman-Brown formula): it can be wrong, so ask again after it."
        )
        for each in drawn:
            _draw_answer(request, each)


def _is_drawn_by_lot(method: Method) -> bool:
    return method.is_stochastic and not method.is_baseline  # the random map is meant to differ


def _draw_answer(request: Request, drawn: Explanation) -> None:
    method = drawn.method
    found = compute_on_demand(
        f"seed_{method.name}",
        request.make_map_key(method, drawn.params, "another seed"),
        f"{method.label}: draw it with another seed",
        partial(_compare, request, drawn),
        store=get_store(request.sight),
    )
    if found is None:
        return
    st.markdown(f"**{method.label}.** {describe(found.agreement)}")
    budget = stability.get_budget(method)
    if budget is None or not found.agreement < stability.GOAL:
        return
    spent = int(drawn.params[budget.name])
    st.markdown(describe_remedy(budget, spent, found))
    wanted = stability.suggest_budget(budget, spent, found)
    if wanted is not None and wanted <= budget.maximum:
        st.button(
            f"Draw it with {_tell(wanted, budget)}",
            key=f"more_{method.name}",
            on_click=state.put,
            args=(f"{method.name}.{budget.name}", wanted),
        )


def _compare(request: Request, drawn: Explanation, move: Move) -> Stability:
    assert drawn.map is not None
    doing = f"{drawn.method.label}: drawing the map with another seed"
    return stability.compute_stability(
        request.sight.model,
        request.question,
        drawn.method,
        drawn.params,
        drawn.map.heat,
        partial(move, doing),
    )


def describe(agreement: float) -> str:
    """Return how far two seeds agree, in plain words."""
    if math.isnan(agreement):
        return "The two maps cannot be compared: one of them is the same everywhere, or no map."
    figure = f"{agreement:.2f}".replace("-", "−")
    scale = "(rank correlation of their pixels: 1 is the same order, 0 is chance)"
    if agreement >= stability.GOAL:
        return f"Another seed gives nearly the same map: the two agree at {figure} {scale}."
    kind = "a similar map, not the same" if agreement >= _SIMILAR else "a different map"
    return f"Another seed gives {kind}: the two agree at {figure} {scale}."


def describe_remedy(budget: IntParam, spent: int, found: Stability) -> str:
    """Return what budget would make two seeds agree, as the forecast that it is."""
    wanted = stability.suggest_budget(budget, spent, found)
    if wanted is None:
        return (
            f"They have next to nothing in common, so no number of {budget.label.lower()} can be "
            "forecast that would mend it: do not read this map."
        )
    goal = f"{stability.GOAL:.2f}"
    if wanted <= budget.maximum:
        return f"Forecast: {goal} with about {_tell(wanted, budget)} in place of {spent:,}."
    most = found.forecast(budget.maximum / spent)
    return (
        f"Forecast: {goal} would take about {_tell(wanted, budget)}, more than are offered "
        f"here; the most, {budget.maximum:,}, would give {most:.2f}. Read large areas only."
    )


def _tell(count: int, budget: IntParam) -> str:
    return tell_count(count, budget.label.lower().removesuffix("s"), budget.label.lower())
