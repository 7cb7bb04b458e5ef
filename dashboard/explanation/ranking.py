"""Methods against maps that know nothing of the network, on one picture."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from dashboard.explanation.flow import Findings
from dashboard.faithfulness.verdict import MARGIN
from dashboard.inference.counts import tell_count


@dataclass(frozen=True)
class Entry:
    """A map's insertion minus deletion; ``is_trivial``: it knows nothing of the network."""

    title: str
    score: float
    is_trivial: bool


def rank_entries(findings: Findings) -> list[Entry]:
    """Return every tested map and the best of the random ones, best first."""
    assert findings.baselines is not None
    entries = [
        Entry(each.method.label, each.score.score, each.method.is_baseline)
        for each in findings.explanations
        if each.score is not None and each.method.name != "random"
    ]
    randoms = [each.score for each in findings.baselines.random]
    entries.append(Entry(f"Random, best of {len(randoms)}", max(randoms), True))
    finite = [entry for entry in entries if math.isfinite(entry.score)]
    return sorted(finite, key=lambda entry: -entry.score)


def describe_contest(entries: Sequence[Entry]) -> str:
    """Return one sentence: is the best method above the best trivial map on this picture?"""
    methods = [entry for entry in entries if not entry.is_trivial]
    trivial = [entry for entry in entries if entry.is_trivial]
    if not methods or not trivial:
        return "There is nothing to compare: no map of either kind has a score."
    best, rival = methods[0], trivial[0]
    figures = f"({best.score:+.2f} against {rival.score:+.2f}, insertion minus deletion)"
    if best.score >= rival.score + MARGIN:
        below = sum(entry.score < rival.score + MARGIN for entry in methods)
        of = f"of {len(methods)} methods"
        told = tell_count(below, f"{of} does", f"{of} do")
        rest = f" {told} not manage that." if below else ""
        return (
            f"On this picture the best method, **{best.title}**, is above the best trivial map, "
            f"**{rival.title}** {figures}.{rest}"
        )
    relation = "only level with" if best.score > rival.score - MARGIN else "below"
    return (
        f"On this picture even the best method, **{best.title}**, is {relation} a map that knows "
        f"nothing of the network, **{rival.title}** {figures}: none of the maps has shown that it "
        "knows more."
    )
