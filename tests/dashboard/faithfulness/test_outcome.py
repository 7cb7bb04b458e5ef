"""The verdict's sentences: from figures given by hand, and what cannot be judged."""

from dataclasses import replace

import numpy as np
import pytest

from dashboard.faithfulness.outcome import Finding, Outcome, find_obstacle, judge
from dashboard.faithfulness.probe_score import ProbeScore
from dashboard.faithfulness.probes import Probes
from dashboard.faithfulness.removal import BLUR, GREY, Removal

AHEAD = {"intensity": 0.1, "edges": 0.05, "center": 0.2}


def find(removal: Removal, score: float = 0.4, n_as_good: int = 4, **leads: float) -> Finding:
    return Finding(removal, ProbeScore(score, n_as_good, 391), {**AHEAD, **leads})


def test_believable_where_both_removals_agree() -> None:
    verdict = judge([find(GREY), find(BLUR)], "rise")
    assert verdict.outcome is Outcome.BELIEVABLE and verdict.outcome.tone == "good"
    assert "of 391 other places for this very map, 4 did as well" in verdict.details[0]
    assert "shuffle" in verdict.advice


def test_it_depends_where_they_do_not() -> None:
    verdict = judge([find(GREY), find(BLUR, n_as_good=40)], "rise")
    assert verdict.outcome is Outcome.DEPENDS
    assert "holds with pixels grey, not with pixels blurred" in verdict.text


@pytest.mark.parametrize(
    "worse",
    [{"n_as_good": 19}, {"score": 0.0}, {"score": -0.26}, {"edges": 0.0}, {"center": -0.3}],
    ids=str,
)
def test_one_failure_everywhere_is_no_better_than_blind(worse: dict[str, float]) -> None:
    findings = [find(GREY, **worse), find(BLUR, **worse)]  # type: ignore[arg-type]
    verdict = judge(findings, "rise")
    assert verdict.outcome is Outcome.NO_BETTER and verdict.outcome.tone == "poor"


def test_the_rival_is_named() -> None:
    verdict = judge([find(GREY, edges=-0.1), find(BLUR, edges=-0.2, center=-0.1)], "rise")
    assert "the photo's plain edges do about as well" in verdict.text


def test_more_samples_are_advised_where_there_are_samples() -> None:
    findings = [find(GREY, n_as_good=300), find(BLUR, n_as_good=300)]
    assert "more samples" in judge(findings, "rise", can_sample=True).advice
    assert "more samples" not in judge(findings, "grad_cam").advice


@pytest.mark.parametrize("name", ["intensity", "edges", "center", "random"])
def test_a_blind_map_is_never_green(name: str) -> None:
    verdict = judge([find(GREY, n_as_good=0), find(BLUR, n_as_good=0)], name)
    assert verdict.outcome is Outcome.YARDSTICK and verdict.outcome.tone != "good"


PROBES = Probes(
    shown=np.ones((4, 784), bool),
    grid=(28, 28),
    log_odds=np.array([[0.0, 1.0, 2.0, 3.0], [1.0, 0.0, 2.0, 1.0]]),
    whole=2.0,
    removed=np.zeros(2),
)
PHOTO = np.random.default_rng(0).normal(size=(3, 28, 28)).astype(np.float32)


def test_an_ordinary_photo_can_be_judged() -> None:
    assert find_obstacle(PROBES, PHOTO) is None


@pytest.mark.parametrize(
    ("probes", "photo", "words"),
    [
        (PROBES, np.ones((3, 28, 28), np.float32), "the same everywhere"),
        (replace(PROBES, log_odds=np.full((2, 4), np.nan)), PHOTO, "not numbers"),
        (replace(PROBES, whole=float("nan")), PHOTO, "not numbers"),
        (replace(PROBES, whole=-5.0), PHOTO, "gives this class 0.7 %"),
        (replace(PROBES, whole=-900.0), PHOTO, "under 0.1 %"),
        (replace(PROBES, log_odds=np.full((2, 4), 3.0)), PHOTO, "hardly tells pictures apart"),
    ],
    ids=["constant picture", "NaN", "NaN whole", "rare", "never", "constant network"],
)
def test_what_cannot_be_judged_is_one_sentence(
    probes: Probes, photo: np.ndarray, words: str
) -> None:
    sentence = find_obstacle(probes, photo)
    assert sentence is not None and words in sentence and sentence.endswith(".")
