"""Would another seed give the same map? Two maps of one question, and the budget that fixes it.

The agreement of two maps that differ in nothing but their random draws is what test theory calls
reliability. Where a map is a mean over independent draws, k times as many of them raise an
agreement r to k r / (1 + (k - 1) r): the Spearman-Brown formula (Spearman 1910,
https://doi.org/10.1111/j.2044-8295.1910.tb00206.x; Brown 1910, .../tb00207.x). SmoothGrad's map is
the absolute value of such a mean, and noise that is stronger in some places than in others makes
two maps of absolute values alike before there is anything in them: there the formula holds for the
means with their signs. All of it is a forecast, made of rank correlations;
``python -m export.benchmark.seeds`` compares it with what was measured.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from dashboard.attribution.base import (
    Attribution,
    Method,
    NotFinite,
    Progress,
    Question,
    ignore_progress,
)
from dashboard.attribution.params import IntParam, Params
from dashboard.inference.model import Floats, Model
from dashboard.limits.agreement import compute_rank_correlation

GOAL = 0.9  # from here on two seeds tell a reader the same
_MOST = 1e6  # times the budget: beyond this a forecast is a way of saying never
_N_HALVINGS = 50


@dataclass(frozen=True)
class Stability:
    """Spearman's correlations of two seeds, in [-1, 1] or NaN where there is no order.

    ``agreement`` is that of the maps; ``mean`` that of the means whose absolute values they are,
    None where they are no absolute values.
    """

    agreement: float
    mean: float | None = None

    @property
    def _alike(self) -> float:
        """What the absolute values have in common beyond their means, in [0, 1]."""
        assert self.mean is not None
        folded = fold(self.mean)
        return min(max((self.agreement - folded) / max(1 - folded, 1e-12), 0.0), 1.0)

    def forecast(self, factor: float) -> float:
        """Return what two maps will agree at with ``factor`` times the draws."""
        if self.mean is None:
            return prolong(self.agreement, factor)
        return self._alike + (1 - self._alike) * fold(prolong(self.mean, factor))

    def find_factor(self, goal: float = GOAL) -> float | None:
        """Return how many times the draws raise the agreement to ``goal``, at least 1.

        None where no number will: the maps have nothing in common that could be multiplied.
        """
        start, end = self.agreement, goal
        if self.mean is not None:
            rest = (goal - self._alike) / max(1 - self._alike, 1e-12)
            start, end = self.mean, unfold(min(max(rest, 0.0), 1.0))
        if math.isnan(self.agreement) or not start > 0 or end >= 1:
            return None
        factor = max(end * (1 - start) / (start * (1 - end)), 1.0)
        return factor if factor < _MOST else None


def prolong(agreement: float, factor: float) -> float:
    """Return the agreement of two means with ``factor`` times the draws, by Spearman-Brown."""
    return factor * agreement / (1 + (factor - 1) * agreement)


def fold(correlation: float) -> float:
    """Return the correlation of |x| and |y|, x and y standard normal with ``correlation``, 0 to 1.

    E|x y| = 2 / pi (sqrt(1 - r^2) + r asin r), less the product of both means, over their variance.
    """
    r = min(max(correlation, -1.0), 1.0)
    return (math.sqrt(1 - r**2) + r * math.asin(r) - 1) / (math.pi / 2 - 1)


def unfold(correlation: float) -> float:
    """Return the correlation in [0, 1] whose ``fold`` is this one, by halving."""
    low, high = 0.0, 1.0
    for _ in range(_N_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if fold(middle) < correlation else (low, middle)
    return high


def compare(method: Method, first: Attribution, second: Attribution) -> Stability:
    """Return how two answers of one method agree."""
    agreement = compute_rank_correlation(method.compute_heat(first), method.compute_heat(second))
    if first.mean is None or second.mean is None:
        return Stability(agreement)
    return Stability(agreement, compute_rank_correlation(first.mean, second.mean))


def compute_stability(
    model: Model,
    question: Question,
    method: Method,
    params: Params,
    heat: Floats,
    progress: Progress = ignore_progress,
) -> Stability:
    """Return how a method's map (H, W) agrees with the one that the next seed gives.

    NaN where one of the two is the same everywhere or holds values that are not finite. What the
    network raises, or ``progress``, passes through.
    """
    try:
        other = method.attribute(model, replace(question, seed=question.seed + 1), params, progress)
        if other.mean is None:
            return Stability(compute_rank_correlation(heat, method.compute_heat(other)))
        # Its own mean was not kept beside the map.
        return compare(method, method.attribute(model, question, params, progress), other)
    except NotFinite:
        return Stability(math.nan)


def get_budget(method: Method) -> IntParam | None:
    """Return the parameter that says how many random draws a method makes, None without one."""
    for param in method.params:
        if param.name == method.budget and isinstance(param, IntParam):
            return param
    return None


def suggest_budget(budget: IntParam, spent: int, stability: Stability) -> int | None:
    """Return the budget by which two seeds should agree at ``GOAL``, on the parameter's own steps.

    It may lie beyond the parameter's maximum. None where nothing can be forecast.
    """
    factor = stability.find_factor()
    if factor is None:
        return None
    steps = math.ceil((spent * factor - budget.minimum) / budget.step - 1e-9)
    return budget.minimum + budget.step * max(steps, 0)
