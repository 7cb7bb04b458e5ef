"""Completeness: do a map's values add up to what they are meant to explain?

Integrated gradients and its kin promise that the attributions sum to score(photo) -
score(baseline). The gap says how far a computed map misses its own promise; it says nothing about
whether the map is faithful. Where a method is made to add up there is no gap to measure: a figure
that can only be 0 would pass for a test.
Source: Sundararajan et al. 2017, arXiv:1703.01365, sections 3 and 5 ("within 5%").
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from dashboard.attribution.base import Attribution
from dashboard.inference.counts import tell_share

CLOSED_GAP = 0.05
ROUGH_GAP = 0.25
# Scores are logits, of order 1 to 10: a difference below this is rounding and noise.
_NO_DIFFERENCE = 1e-3


class GapLevel(StrEnum):
    """How a completeness gap reads."""

    CLOSED = "closed"
    ROUGH = "rough"
    OPEN = "open"
    BY_CONSTRUCTION = "by construction"
    UNDEFINED = "undefined"


@dataclass(frozen=True)
class Completeness:
    """``gap`` is |delta| / |score difference|, e.g. 0.03 for 3 %; None where it has no meaning."""

    gap: float | None
    level: GapLevel
    text: str

    @property
    def fact(self) -> tuple[str, str, str]:
        """What a page tells: a name, a figure, and the sentence behind it."""
        if self.level is GapLevel.BY_CONSTRUCTION:
            return "Adds up", "by construction", self.text
        gap = "undefined" if self.gap is None else tell_share(self.gap, 1)
        return "Completeness gap", gap, self.text


def compute_completeness(attribution: Attribution) -> Completeness | None:
    """Return the gap with a plain sentence, or None where the method promises no completeness."""
    delta, difference = attribution.convergence_delta, attribution.score_difference
    if difference is None:
        return None
    if not math.isfinite(difference) or not math.isfinite(delta or 0.0):
        return Completeness(None, GapLevel.UNDEFINED, "The completeness gap is not a number.")
    if delta is None:
        return Completeness(None, GapLevel.BY_CONSTRUCTION, _describe_construction(difference))
    if abs(difference) < _NO_DIFFERENCE:
        text = (
            "The photo scores the same as its baseline, so the map has nothing to add up to"
            f" (its values sum to {difference + delta:.3g})."
        )
        return Completeness(None, GapLevel.UNDEFINED, text)
    gap = abs(delta) / abs(difference)
    return Completeness(gap, *_describe(gap, difference))


def _describe_construction(difference: float) -> str:
    return (
        f"The map is made to add up to the score's difference of {difference:.2f}: that it does is "
        "no evidence for it."
    )


def _describe(gap: float, difference: float) -> tuple[GapLevel, str]:
    percent = tell_share(gap, 1) if gap < 10 else "over 1,000\u00a0%"
    figures = f"{percent} of a score difference of {difference:.2f}"
    if gap <= CLOSED_GAP:
        return GapLevel.CLOSED, f"The map adds up: it misses {figures}."
    if gap <= ROUGH_GAP:
        return GapLevel.ROUGH, f"The map adds up roughly: it misses {figures}."
    return (
        GapLevel.OPEN,
        f"The map does not add up: it misses {figures}. More steps or samples may help.",
    )
