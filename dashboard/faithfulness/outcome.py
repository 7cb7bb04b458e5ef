"""May this map be believed on this photo? Four answers in plain words, each with what to do next.

Believable: under every removal that judges, the map foretells the network's answers (its score is
above zero), better than itself slid elsewhere (p < .05), and leads every blind map by more than the
choice of probes explains. If that holds under some removals only, the answer depends on how pixels
are removed. A blind map is never believable, however well it does: it is the yardstick.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

import numpy as np

from dashboard.faithfulness.probe_score import ProbeScore
from dashboard.faithfulness.probes import Probes
from dashboard.faithfulness.removal import Removal
from dashboard.inference.model import Doubles, Floats

LEVEL = 0.05  # of the permutation test, and of the bootstrap's lower bound
MIN_PROBABILITY = 0.01  # below this there is nothing that the picture could lose
MIN_SPREAD = 0.1  # of the log-odds over the probes: half of the picture changes the answer by this

# What the blind maps are to a reader, with the verb that follows.
BLIND = {
    "intensity": "the photo's plain brightness",
    "edges": "the photo's plain edges",
    "center": "a spot in the middle",
}

Tone = Literal["good", "middling", "poor", "unknown"]


class Outcome(StrEnum):
    """What may be said of a map."""

    BELIEVABLE = "believable"
    DEPENDS = "depends"
    NO_BETTER = "no_better"
    YARDSTICK = "yardstick"
    NOT_JUDGED = "not_judged"

    @property
    def tone(self) -> Tone:
        """The outcome as a colour name for the page."""
        return _TONES[self]


_TONES: dict[Outcome, Tone] = {
    Outcome.BELIEVABLE: "good",
    Outcome.DEPENDS: "middling",
    Outcome.NO_BETTER: "poor",
    Outcome.YARDSTICK: "unknown",
    Outcome.NOT_JUDGED: "unknown",
}


@dataclass(frozen=True)
class Verdict:
    """``text`` is one sentence for everybody, ``advice`` what to do next, ``details`` the figures
    behind it, a sentence a removal.
    """

    outcome: Outcome
    text: str
    advice: str
    details: tuple[str, ...] = ()


@dataclass(frozen=True)
class Finding:
    """A map under one removal: its score, and by how much it leads each blind map at least."""

    removal: Removal
    score: ProbeScore
    leads: Mapping[str, float]

    @property
    def rival(self) -> str | None:
        """The blind map that it does not clearly lead, the strongest; None where it leads all."""
        close = {name: lead for name, lead in self.leads.items() if lead <= 0}
        return min(close, key=lambda name: close[name]) if close else None

    @property
    def is_passed(self) -> bool:
        """Whether the map knows more than where pixels usually matter."""
        return self.score.score > 0 and self.score.p_value < LEVEL and self.rival is None

    def describe(self) -> str:
        """Return the figures in a sentence."""
        score = self.score
        said = (
            f"With pixels {self.removal.label}: agreement {score.score:+.2f} "
            f"(-1 to 1, 0 knows nothing); of {score.n_elsewhere} other places for this very map, "
            f"{score.n_as_good} did as well"
        )
        return f"{said}, and {BLIND[self.rival]} did about as well." if self.rival else f"{said}."


def find_obstacle(probes: Probes, photo: Floats, is_contrastive: bool = False) -> str | None:
    """Return why no map of this photo (C, H, W) can be judged, as a sentence, or None."""
    if not np.ptp(photo, axis=(1, 2)).any():
        return "The picture is the same everywhere: no part of it can matter more than another."
    if not (np.isfinite(probes.log_odds).all() and math.isfinite(probes.whole)):
        return "The network gave values that are not numbers, so no map can be tested."
    probability = 1 / (1 + math.exp(min(max(-probes.whole, -700.0), 700.0)))
    if probability < MIN_PROBABILITY:
        of = "Of the two classes, the network gives this one" if is_contrastive else (
            "The network gives this class"
        )  # fmt: skip
        figure = f"{100 * probability:.1f} %" if probability >= 0.0005 else "under 0.1 %"
        return f"{of} {figure}: there is nothing in the picture that it could lose."
    if float(probes.log_odds.std(axis=1).max()) < MIN_SPREAD:
        return (
            "The network hardly tells pictures apart: with half of this one taken away, whichever "
            "half, it says the same."
        )
    return None


def judge(
    findings: Sequence[Finding], name: str, can_sample: bool = False
) -> Verdict:  # fmt: skip
    """Return the verdict on the map of the method ``name`` from what the judging removals found.

    ``can_sample`` says that the method draws samples, so that more of them may help.
    """
    details = tuple(each.describe() for each in findings)
    if name in BLIND or name == "random":
        return Verdict(
            Outcome.YARDSTICK,
            "A yardstick: it knows nothing of the network. A map worth believing does better.",
            "Compare the other maps with this one.",
            details,
        )
    passed = [each for each in findings if each.is_passed]
    failed = [each for each in findings if not each.is_passed]
    if not failed:
        return Verdict(
            Outcome.BELIEVABLE,
            "Believable on this photo: it foretells what the network loses, whichever way pixels "
            "are removed.",
            "One more test: on Black box, shuffle the network's weights. The map must change.",
            details,
        )
    if passed:
        return Verdict(
            Outcome.DEPENDS,
            f"Depends on how pixels are removed: it holds with pixels {_join(passed)}, "
            f"not with pixels {_join(failed)}.",
            "Try another method: where one holds both ways, prefer it.",
            details,
        )
    advice = "Try another method" + (", or more samples." if can_sample else ".")
    return Verdict(Outcome.NO_BETTER, _explain_failure(failed), advice, details)


def _join(findings: Sequence[Finding]) -> str:
    return " and ".join(each.removal.label for each in findings)


def _explain_failure(failed: Sequence[Finding]) -> str:
    rivals = [each.rival for each in failed if each.rival]
    if len(rivals) == len(failed):
        rival = BLIND[rivals[0]]
        verb = "do" if rivals[0] == "edges" else "does"
        return f"No better than blind on this photo: {rival} {verb} about as well."
    return "No better than blind on this photo: slid elsewhere, this map would do as well."


def make_findings(
    removals: Sequence[Removal],
    scores: Sequence[ProbeScore],
    leads: Doubles,
    blind: Sequence[str],
) -> tuple[Finding, ...]:
    """Return what each judging removal found; ``leads`` (R, K) over the maps called ``blind``."""
    rows = zip(removals, scores, leads, strict=True)
    return tuple(
        Finding(removal, score, dict(zip(blind, map(float, row), strict=True)))
        for removal, score, row in rows
        if removal.is_judge
    )
