"""A plain sentence on whether to believe a map, from its rank among maps that know nothing."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from dashboard.faithfulness.baselines import BaselineScores
from dashboard.faithfulness.score import FaithfulnessScore
from dashboard.inference.counts import tell_count, tell_share

# Below this the curves run along the floor, and their areas are rounding.
MIN_PROBABILITY = 0.01
# Two scores closer than this are called equal: 24 steps miss the score of 224 steps by up to 0.011
# (four maps on three photos, EfficientNet-Lite0).
MARGIN = 0.01

_PHRASES = {
    "intensity": ("the photo's plain brightness", "does"),
    "edges": ("the photo's plain edges", "do"),
    "center": ("a spot in the middle", "does"),
}


class Level(StrEnum):
    """How far a map rises above the trivial ones."""

    BEATS_ALL = "beats_all"
    BEATS_RANDOM = "beats_random"
    NO_BETTER_THAN_RANDOM = "no_better_than_random"
    NOT_JUDGED = "not_judged"

    @property
    def tone(self) -> Literal["good", "middling", "poor", "unknown"]:
        """The level as a colour name for the page."""
        return _TONES[self]


_TONES: dict[Level, Literal["good", "middling", "poor", "unknown"]] = {
    Level.BEATS_ALL: "good",
    Level.BEATS_RANDOM: "middling",
    Level.NO_BETTER_THAN_RANDOM: "poor",
    Level.NOT_JUDGED: "unknown",
}


@dataclass(frozen=True)
class Verdict:
    """``text`` is one sentence for everybody; ``detail`` the figures behind it, may be empty."""

    level: Level
    text: str
    detail: str = ""


def compute_verdict(
    score: FaithfulnessScore,
    baselines: BaselineScores,
    name: str = "",
    is_contrastive: bool = False,
) -> Verdict:
    """Return the verdict on one map.

    ``name`` is the map's method: a trivial map that is itself on show is not its own opponent.
    ``is_contrastive`` says that the probability is between two classes.
    """
    obstacle = _find_obstacle(score, baselines, is_contrastive)
    if obstacle:
        return Verdict(Level.NOT_JUDGED, obstacle)
    randoms = [each.score for each in baselines.random]
    others = {key: each.score for key, each in baselines.others.items() if key != name}
    detail = _describe_figures(score.score, randoms, others)
    n_as_good = sum(score.score < random + MARGIN for random in randoms)
    if n_as_good:
        text = _describe_random(score.score, randoms, n_as_good)
        return Verdict(Level.NO_BETTER_THAN_RANDOM, text, detail)
    rivals = {key: value for key, value in others.items() if score.score < value + MARGIN}
    if rivals:
        text = _describe_rivals(score.score, rivals, len(randoms))
        return Verdict(Level.BEATS_RANDOM, text, detail)
    every = "every other" if name in (*_PHRASES, "random") else "every"
    return Verdict(Level.BEATS_ALL, f"Better than {every} trivial map on this photo.", detail)


def _find_obstacle(
    score: FaithfulnessScore, baselines: BaselineScores, is_contrastive: bool
) -> str | None:
    """Return why the map cannot be judged, or None."""
    if not score.has_ranking:
        return "The map is the same everywhere: it puts no pixel above another."
    if not math.isfinite(score.score):
        return "The network gave values that are not numbers, so the map has no score."
    if score.start_probability < MIN_PROBABILITY:
        gives = (
            "Of the two classes, the network gives this one"
            if is_contrastive
            else ("The network gives this class")
        )
        return f"{gives} {_percent(score.start_probability)}: there is little to delete."
    opponents = [*baselines.random, *baselines.others.values()]
    if not baselines.random or not all(math.isfinite(each.score) for each in opponents):
        return "The trivial maps have no score on this photo, so there is nothing to compare with."
    return None


def _describe_random(score: float, randoms: list[float], n_as_good: int) -> str:
    n = len(randoms)
    if score < min(randoms) - MARGIN:
        return f"Worse than random on this photo: below all {n} random maps."
    of = f"of {n} random maps"
    told = tell_count(n_as_good, f"{of} does", f"{of} do")
    return f"No better than random on this photo: {told} as well."


def _describe_rivals(score: float, rivals: dict[str, float], n_random: int) -> str:
    best = max(rivals, key=lambda key: rivals[key])
    phrase, do = _PHRASES.get(best, (f"the trivial map “{best}”", "does"))
    compared = "better" if rivals[best] > score + MARGIN else "as well"
    return f"Better than all {n_random} random maps on this photo, but {phrase} {do} {compared}."


def _describe_figures(score: float, randoms: list[float], others: dict[str, float]) -> str:
    best = f"best of {len(randoms)} random maps {max(randoms):.2f}"
    rest = [f"{key} {value:.2f}" for key, value in others.items()]
    return f"Score {score:.2f} against: {', '.join([best, *rest])}."


def _percent(probability: float) -> str:
    return tell_share(probability, 1) if probability >= 0.0005 else "under 0.1\u00a0%"
