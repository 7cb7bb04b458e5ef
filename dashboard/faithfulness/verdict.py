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

from dashboard.attribution.base import Method, Question
from dashboard.faithfulness.curves import has_ranking
from dashboard.faithfulness.probe_score import ProbeScore, compare_maps, score_map
from dashboard.faithfulness.probes import N_CELLS, Probes
from dashboard.faithfulness.removal import Removal
from dashboard.inference.counts import tell_share
from dashboard.inference.model import Floats

LEVEL = 0.05  # of the permutation test, and of the bootstrap's lower bound
MIN_PROBABILITY = 0.01  # below this there is nothing that the picture could lose
MIN_SPREAD = 0.1  # of the log-odds over the probes: half of the picture changes the answer by this

# What the blind maps are to a reader, with the verb that follows.
BLIND = {
    "intensity": "the photo's plain brightness does",
    "edges": "the photo's plain edges do",
    "center": "a spot in the middle does",
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


@dataclass(frozen=True, eq=False)
class Evidence:
    """What judges every map of one question: the probes under each of R removals, and the maps
    that know nothing of the network, each (H, W). ``obstacle`` says why no map can be judged.
    """

    removals: tuple[Removal, ...]
    probes: Probes | None
    blind: Mapping[str, Floats]
    obstacle: str | None = None


@dataclass(frozen=True)
class Finding:
    """A map under one removal: its score, and by how much it leads each blind map at least."""

    removal: Removal
    score: ProbeScore
    leads: Mapping[str, float]

    @property
    def rival(self) -> str | None:
        """The strongest blind map that it does not clearly lead; None where it leads all."""
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
        return f"{said}, and {BLIND[self.rival]} about as well." if self.rival else f"{said}."


@dataclass(frozen=True)
class Verdict:
    """``text`` is one sentence for everybody, ``advice`` the next step that helps, ``findings``
    what each removal said (none where the map cannot be judged).
    """

    outcome: Outcome
    text: str
    advice: str
    findings: tuple[Finding, ...] = ()

    @property
    def score(self) -> float:
        """The mean over the judging removals, in [-1, 1]; NaN where there is none."""
        scores = [each.score.score for each in self.findings if each.removal.is_judge]
        return float(np.mean(scores)) if scores else math.nan


def weigh(
    question: Question, removals: Sequence[Removal], probes: Probes, blind: Mapping[str, Floats]
) -> Evidence:
    """Return the evidence that the probes of a question and the blind maps amount to."""
    obstacle = find_obstacle(probes, question.inputs[0], question.versus is not None)
    return Evidence(tuple(removals), probes, blind, obstacle)


def find_small(question: Question) -> str | None:
    """Return why a picture is too small for any probe, as a sentence, or None."""
    if min(question.inputs.shape[2:]) >= N_CELLS:
        return None
    return f"The picture has fewer than {N_CELLS} pixels along a side: too few to take half away."


def find_obstacle(probes: Probes, photo: Floats, is_contrastive: bool = False) -> str | None:
    """Return why no map of this photo (C, H, W) can be judged, as a sentence, or None."""
    if not np.ptp(photo, axis=(1, 2)).any():
        return "The picture is the same everywhere: no part of it can matter more than another."
    if np.isposinf(probes.log_odds).all():
        return "The network has one class only: it gives every picture the same answer."
    if not (np.isfinite(probes.log_odds).all() and math.isfinite(probes.whole)):
        return "The network gave values that are not numbers, so no map can be tested."
    probability = 1 / (1 + math.exp(min(max(-probes.whole, -700.0), 700.0)))
    if probability < MIN_PROBABILITY:
        of = "Of the two classes, the network" if is_contrastive else "The network"
        which = "this one" if is_contrastive else "this class"
        figure = tell_share(probability, 1) if probability >= 0.0005 else "under 0.1\u00a0%"
        return f"{of} gives {which} {figure}: there is nothing in the picture that it could lose."
    if float(probes.log_odds.std(axis=1).max()) < MIN_SPREAD:
        return (
            "The network hardly tells pictures apart: with half of this one taken away, whichever "
            "half, it says the same."
        )
    return None


def judge_map(
    evidence: Evidence,
    heat: Floats,
    name: str,
    is_stochastic: bool = False,
    if_flat: str = Method.if_flat,
) -> Verdict:
    """Return the verdict on the map (H, W) of the method ``name``; no run of the network.

    ``if_flat`` is what the method says of a map that is the same everywhere.

    Raises:
        ValueError: the map holds values that are not finite.
    """
    if not has_ranking(heat):
        return Verdict(Outcome.NOT_JUDGED, if_flat, "Try another method, or another class.")
    if evidence.obstacle:
        return Verdict(
            Outcome.NOT_JUDGED, evidence.obstacle, "Try another class, or another photo."
        )
    return decide(find(evidence, heat), name, is_stochastic)


def find(evidence: Evidence, heat: Floats) -> tuple[Finding, ...]:
    """Return what each removal says of a map (H, W), whatever made it."""
    assert evidence.probes is not None
    scores = score_map(evidence.probes, heat)
    leads = compare_maps(evidence.probes, heat, tuple(evidence.blind.values()))
    return tuple(
        Finding(removal, score, dict(zip(evidence.blind, map(float, row), strict=True)))
        for removal, score, row in zip(evidence.removals, scores, leads, strict=True)
    )


def decide(findings: Sequence[Finding], name: str, is_stochastic: bool = False) -> Verdict:
    """Return the verdict that the judging removals among ``findings`` amount to."""
    everything = tuple(findings)
    if name in BLIND or name == "random":
        return Verdict(
            Outcome.YARDSTICK,
            "A yardstick: it knows nothing of the network. A map worth believing does better.",
            "Compare the other maps with this one.",
            everything,
        )
    judging = [each for each in everything if each.removal.is_judge]
    passed = [each for each in judging if each.is_passed]
    failed = [each for each in judging if not each.is_passed]
    if not failed:
        return Verdict(
            Outcome.BELIEVABLE,
            "Believable on this photo: it foretells what the network loses, whichever way pixels "
            "are removed.",
            "One more test: shuffle the network's weights on Black box. The map must change.",
            everything,
        )
    if passed:
        return Verdict(
            Outcome.DEPENDS,
            f"Depends on how pixels are removed: it holds with pixels {_join(passed)}, "
            f"not with pixels {_join(failed)}.",
            "Try another method: prefer one that holds both ways.",
            everything,
        )
    advice = "Try another method" + (", or more samples." if is_stochastic else ".")
    return Verdict(Outcome.NO_BETTER, _explain_failure(failed), advice, everything)


def _join(findings: Sequence[Finding]) -> str:
    return " and ".join(each.removal.label for each in findings)


def _explain_failure(failed: Sequence[Finding]) -> str:
    rivals = [each.rival for each in failed if each.rival]
    if len(rivals) == len(failed):
        return f"No better than blind on this photo: {BLIND[rivals[0]]} about as well."
    return "No better than blind on this photo: slid elsewhere, this map would do about as well."
