"""Would another seed give the same map? Two maps of one question, and the budget that fixes it.

The agreement of two maps that differ in nothing but their random draws is what test theory calls
reliability. Where a map is a mean over independent draws, k times as many of them raise an
agreement r to k r / (1 + (k - 1) r): the Spearman-Brown formula (Spearman 1910,
https://doi.org/10.1111/j.2044-8295.1910.tb00206.x; Brown 1910, .../tb00207.x). For other methods,
and for rank correlations, it is a forecast; ``python -m export.benchmark.seeds`` compares it with
what was measured.
"""

from __future__ import annotations

import math
from dataclasses import replace

from dashboard.attribution.base import Method, NotFinite, Progress, Question, ignore_progress
from dashboard.attribution.params import IntParam, Params
from dashboard.inference.model import Floats, Model
from dashboard.limits.agreement import compute_rank_correlation

GOAL = 0.9  # from here on two seeds tell a reader the same
_MOST = 1e6  # times the budget: beyond this a forecast is a way of saying never


def compute_seed_agreement(
    model: Model,
    question: Question,
    method: Method,
    params: Params,
    heat: Floats,
    progress: Progress = ignore_progress,
) -> float:
    """Return Spearman's correlation of a method's map (H, W) and the next seed's, in [-1, 1].

    NaN where one of the two is the same everywhere or holds values that are not finite. What the
    network raises, or ``progress``, passes through.
    """
    try:
        other = method.attribute(model, replace(question, seed=question.seed + 1), params, progress)
    except NotFinite:
        return math.nan
    return compute_rank_correlation(heat, method.compute_heat(other))


def forecast_agreement(agreement: float, factor: float) -> float:
    """Return what two seeds will agree at with ``factor`` times the draws, by Spearman-Brown."""
    return factor * agreement / (1 + (factor - 1) * agreement)


def forecast_factor(agreement: float, goal: float = GOAL) -> float | None:
    """Return how many times the draws raise ``agreement`` to ``goal``; None where none will."""
    if not agreement > 0:  # also NaN: nothing common to the two maps that could be multiplied
        return None
    factor = goal * (1 - agreement) / (agreement * (1 - goal))
    return factor if factor < _MOST else None


def get_budget(method: Method) -> IntParam | None:
    """Return the parameter that says how many random draws a method makes, None without one."""
    for param in method.params:
        if param.name == method.budget and isinstance(param, IntParam):
            return param
    return None


def suggest_budget(budget: IntParam, spent: int, agreement: float) -> int | None:
    """Return the budget by which two seeds should agree at ``GOAL``, on the parameter's own steps.

    It may lie beyond the parameter's maximum. None where nothing can be forecast.
    """
    factor = forecast_factor(agreement)
    if factor is None:
        return None
    steps = math.ceil((spent * factor - budget.minimum) / budget.step - 1e-9)
    return budget.minimum + budget.step * max(steps, 0)
