import math

import pytest

from dashboard.faithfulness.baselines import BaselineScores
from dashboard.faithfulness.curves import Curve
from dashboard.faithfulness.score import FaithfulnessScore
from dashboard.faithfulness.verdict import Level, compute_verdict


def scored(value: float, start: float = 0.9, has_ranking: bool = True) -> FaithfulnessScore:
    """Curves whose areas differ by ``value``: deletion falls from ``start`` to 0 at once."""
    deletion = Curve((0.0, 0.0, 1.0), (start, 0.2, 0.2))
    return FaithfulnessScore(Curve((0.0, 1.0), (0.2 + value,) * 2), deletion, has_ranking)


RANDOM = tuple(scored(x / 100) for x in (-4, -3, -2, -1, 0, 1, 2, 3))
BASELINES = BaselineScores(RANDOM, {"intensity": scored(0.1), "edges": scored(0.3)})


def test_scored_means_what_it_says():
    assert scored(0.3).score == pytest.approx(0.3) and scored(0.3, 0.7).start_probability == 0.7


@pytest.mark.parametrize(
    ("value", "level", "tone", "words"),
    [
        (0.5, Level.BEATS_ALL, "good", "Better than every trivial map on this photo."),
        (0.305, Level.BEATS_RANDOM, "middling", "the photo's plain edges do as well."),
        (0.2, Level.BEATS_RANDOM, "middling", "all 8 random maps on this photo, but the photo's"),
        (0.2, Level.BEATS_RANDOM, "middling", "plain edges do better."),
        (0.025, Level.NO_BETTER_THAN_RANDOM, "poor", "No better than random on this photo: 2 of 8"),
        (0.035, Level.NO_BETTER_THAN_RANDOM, "poor", "1 of 8 random maps does as well."),
        (-0.3, Level.NO_BETTER_THAN_RANDOM, "poor", "Worse than random on this photo: below all 8"),
    ],
)
def test_level_follows_the_rank(value, level, tone, words):
    verdict = compute_verdict(scored(value), BASELINES)
    assert verdict.level is level and verdict.level.tone == tone
    assert words in verdict.text


def test_detail_gives_the_figures():
    verdict = compute_verdict(scored(0.5), BASELINES)
    assert verdict.detail == (
        "Score 0.50 against: best of 8 random maps 0.03, intensity 0.10, edges 0.30."
    )


def test_trivial_map_on_show_is_not_its_own_opponent():
    assert compute_verdict(scored(0.3), BASELINES, "edges").level is Level.BEATS_ALL
    verdict = compute_verdict(scored(0.1), BASELINES, "intensity")
    assert verdict.level is Level.BEATS_RANDOM and "edges" in verdict.text


def test_unknown_trivial_map_is_named():
    verdict = compute_verdict(scored(0.2), BaselineScores(RANDOM, {"centre": scored(0.4)}))
    assert "but the trivial map “centre” does better" in verdict.text


@pytest.mark.parametrize(
    ("score", "is_contrastive", "words"),
    [
        (scored(0.5, has_ranking=False), False, "the same everywhere"),
        (scored(math.nan), False, "not numbers"),
        (
            scored(0.5, start=0.001),
            False,
            "The network gives this class 0.1\u00a0%: there is little",
        ),
        (scored(0.5, start=1e-6), False, "gives this class under 0.1\u00a0%"),
        (
            scored(0.5, start=0.002),
            True,
            "Of the two classes, the network gives this one 0.2\u00a0%",
        ),
    ],
)
def test_degenerate_cases_are_not_judged(score, is_contrastive, words):
    verdict = compute_verdict(score, BASELINES, is_contrastive=is_contrastive)
    assert verdict.level is Level.NOT_JUDGED and verdict.level.tone == "unknown"
    assert words in verdict.text


@pytest.mark.parametrize(
    "baselines", [BaselineScores((), {}), BaselineScores(RANDOM, {"edges": scored(math.nan)})]
)
def test_without_opponents_there_is_no_verdict(baselines):
    verdict = compute_verdict(scored(0.5), baselines)
    assert verdict.level is Level.NOT_JUDGED and "nothing to compare" in verdict.text
