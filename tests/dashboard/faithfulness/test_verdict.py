"""The verdict's sentences: from figures given by hand, and what cannot be judged."""

from dataclasses import replace

import numpy as np
import pytest

from dashboard.attribution.base import Question
from dashboard.faithfulness.probe_score import ProbeScore
from dashboard.faithfulness.probes import Probes, run_probes
from dashboard.faithfulness.removal import BLACK, BLUR, GREY, JUDGES, Removal
from dashboard.faithfulness.verdict import (
    Evidence,
    Finding,
    Outcome,
    decide,
    find_obstacle,
    find_small,
    judge_map,
)
from tests.dashboard.faithfulness.tiny_models import LinearModel

AHEAD = {"intensity": 0.1, "edges": 0.05, "center": 0.2}


def find(removal: Removal, score: float = 0.4, n_as_good: int = 4, **leads: float) -> Finding:
    return Finding(removal, ProbeScore(score, n_as_good, 391), {**AHEAD, **leads})


def test_believable_where_both_removals_agree() -> None:
    verdict = decide([find(GREY), find(BLUR)], "rise")
    assert verdict.outcome is Outcome.BELIEVABLE and verdict.outcome.tone == "good"
    assert "of 391 other places for this very map, 4 did as well" in verdict.findings[0].describe()
    assert "shuffle" in verdict.advice


def test_it_depends_where_they_do_not() -> None:
    verdict = decide([find(GREY), find(BLUR, n_as_good=40)], "rise")
    assert verdict.outcome is Outcome.DEPENDS
    assert "holds with pixels grey, not with pixels blurred" in verdict.text


@pytest.mark.parametrize(
    "worse",
    [{"n_as_good": 19}, {"score": 0.0}, {"score": -0.26}, {"edges": 0.0}, {"center": -0.3}],
    ids=str,
)
def test_one_failure_everywhere_is_no_better_than_blind(worse: dict[str, float]) -> None:
    findings = [find(GREY, **worse), find(BLUR, **worse)]  # type: ignore[arg-type]
    verdict = decide(findings, "rise")
    assert verdict.outcome is Outcome.NO_BETTER and verdict.outcome.tone == "poor"


def test_the_rival_is_named() -> None:
    verdict = decide([find(GREY, edges=-0.1), find(BLUR, edges=-0.2, center=-0.1)], "rise")
    assert "the photo's plain edges do about as well" in verdict.text


def test_more_samples_are_advised_where_there_are_samples() -> None:
    findings = [find(GREY, n_as_good=300), find(BLUR, n_as_good=300)]
    assert "more samples" in decide(findings, "rise", is_stochastic=True).advice
    assert "more samples" not in decide(findings, "grad_cam").advice


@pytest.mark.parametrize("name", ["intensity", "edges", "center", "random"])
def test_a_blind_map_is_never_green(name: str) -> None:
    verdict = decide([find(GREY, n_as_good=0), find(BLUR, n_as_good=0)], name)
    assert verdict.outcome is Outcome.YARDSTICK and verdict.outcome.tone != "good"


PROBES = Probes(
    shown=np.ones((4, 784), bool),
    grid=(28, 28),
    log_odds=np.array([[0.0, 1.0, 2.0, 3.0], [1.0, 0.0, 2.0, 1.0]]),
    whole=2.0,
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
        (replace(PROBES, whole=-5.0), PHOTO, "gives this class 0.7\u00a0%"),
        (replace(PROBES, whole=-900.0), PHOTO, "under 0.1\u00a0%"),
        (replace(PROBES, log_odds=np.full((2, 4), 3.0)), PHOTO, "hardly tells pictures apart"),
    ],
    ids=["constant picture", "NaN", "NaN whole", "rare", "never", "constant network"],
)
def test_what_cannot_be_judged_is_one_sentence(
    probes: Probes, photo: np.ndarray, words: str
) -> None:
    sentence = find_obstacle(probes, photo)
    assert sentence is not None and words in sentence and sentence.endswith(".")


def test_black_is_told_and_judges_nothing() -> None:
    verdict = decide([find(GREY), find(BLUR), find(BLACK, score=-0.5, n_as_good=390)], "rise")
    assert verdict.outcome is Outcome.BELIEVABLE and verdict.score == pytest.approx(0.4)
    assert "With pixels black" in verdict.findings[2].describe()


def gather(weights: np.ndarray, photo: np.ndarray) -> Evidence:
    model, question = LinearModel(weights), Question(photo, 0)
    probes = run_probes(model, question, JUDGES, 128)
    blind = {"center": np.exp(-((np.indices((28, 28)) - 13.5) ** 2).sum(axis=0) / 50)}
    return Evidence(JUDGES, probes, {k: v.astype(np.float32) for k, v in blind.items()})


def test_a_linear_network_is_explained_by_its_own_products_alone() -> None:
    # What a probe loses under grey (0) is exactly weight x pixel of what it hides.
    rng = np.random.default_rng(0)
    weights = rng.normal(size=(1, 28, 28)).astype(np.float32)
    weights[:, 14:] = 0  # it looks at the upper half only
    photo = rng.uniform(-1, 1, (1, 1, 28, 28)).astype(np.float32)
    evidence = gather(weights, photo)
    exact = weights[0] * photo[0, 0]
    assert judge_map(evidence, exact, "exact").outcome is Outcome.BELIEVABLE
    for blind in (-exact, np.roll(exact, 14, axis=0)):
        assert judge_map(evidence, blind, "wrong").outcome is Outcome.NO_BETTER
    assert judge_map(evidence, exact, "edges").outcome is Outcome.YARDSTICK


def test_a_flat_map_and_an_obstacle_give_no_figures() -> None:
    evidence = gather(np.ones((1, 28, 28), np.float32), np.ones((1, 1, 28, 28), np.float32))
    flat = judge_map(evidence, np.full((28, 28), 3.0, np.float32), "rise")
    assert flat.outcome is Outcome.NOT_JUDGED and "the same everywhere" in flat.text
    assert not flat.findings and np.isnan(flat.score)
    barred = judge_map(replace(evidence, obstacle="It is dark."), np.eye(28, dtype=np.float32), "x")
    assert barred.text == "It is dark." and not barred.findings


def test_a_picture_of_a_few_pixels_is_one_sentence() -> None:
    assert find_small(Question(np.zeros((1, 3, 28, 28), np.float32), 0)) is None
    sentence = find_small(Question(np.zeros((1, 3, 6, 28), np.float32), 0))
    assert sentence is not None and "fewer than 7 pixels" in sentence
