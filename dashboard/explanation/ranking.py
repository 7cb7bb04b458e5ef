"""Methods against maps that know nothing of the network, on one picture."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from dashboard.explanation.flow import Findings
from dashboard.faithfulness.verdict import Outcome
from dashboard.inference.counts import tell_count


@dataclass(frozen=True)
class Entry:
    """A map's score over the probes, and what may be said of it."""

    title: str
    score: float
    outcome: Outcome

    @property
    def is_trivial(self) -> bool:
        """Whether the map knows nothing of the network."""
        return self.outcome is Outcome.YARDSTICK


def rank_entries(findings: Findings) -> list[Entry]:
    """Return every tested map that has a score, best first."""
    entries = [
        Entry(each.method.label, each.verdict.score, each.verdict.outcome)
        for each in findings.explanations
        if each.verdict is not None and math.isfinite(each.verdict.score)
    ]
    return sorted(entries, key=lambda entry: -entry.score)


def describe_contest(entries: Sequence[Entry]) -> str:
    """Return one sentence: which methods may be believed on this picture?"""
    methods = [entry for entry in entries if not entry.is_trivial]
    trivial = [entry for entry in entries if entry.is_trivial]
    if not methods or not trivial:
        return "There is nothing to compare: no map of either kind has a score."
    believable = [entry for entry in methods if entry.outcome is Outcome.BELIEVABLE]
    rival = f"**{trivial[0].title}**, which knows nothing of the network, {trivial[0].score:+.2f}"
    if believable:
        best = believable[0]
        told = tell_count(len(believable), "map is", "maps are")
        return (
            f"Of {len(methods)} methods, {told} believable on this picture; the best is "
            f"**{best.title}**: it agrees with what the network loses by {best.score:+.2f} "
            f"(0 is ignorance, 1 the most), {rival}."
        )
    return (
        f"On this picture no map is believable: not even **{methods[0].title}** "
        f"({methods[0].score:+.2f}) has shown that it knows more than a map that is blind, or than "
        f"itself in another place ({rival})."
    )
