import math

import numpy as np
import pytest

from dashboard.attribution.base import Attribution
from dashboard.faithfulness.completeness import GapLevel, compute_completeness


def attribution(delta: float | None, difference: float | None) -> Attribution:
    return Attribution(np.zeros((1, 1, 2, 2), np.float32), delta, difference)


@pytest.mark.parametrize(
    ("delta", "difference", "gap", "level", "words"),
    [
        (
            0.0,
            4.0,
            0.0,
            GapLevel.CLOSED,
            "adds up: it misses 0.0\u00a0% of a score difference of 4.00",
        ),
        (-0.2, 4.0, 0.05, GapLevel.CLOSED, "5.0\u00a0%"),
        (0.2, -2.0, 0.1, GapLevel.ROUGH, "adds up roughly: it misses 10.0\u00a0%"),
        (3.0, 2.0, 1.5, GapLevel.OPEN, "does not add up: it misses 150.0\u00a0%"),
        (50.0, 2.0, 25.0, GapLevel.OPEN, "over 1,000\u00a0%"),
    ],
)
def test_gap_by_hand(delta, difference, gap, level, words):
    found = compute_completeness(attribution(delta, difference))
    assert found is not None
    assert found.gap == pytest.approx(gap) and found.level is level
    assert words in found.text


def test_no_promise_no_gap():
    assert compute_completeness(attribution(None, None)) is None


@pytest.mark.parametrize("difference", [2.0, 0.0])
def test_what_is_made_to_add_up_has_no_gap_to_tell(difference):
    found = compute_completeness(attribution(None, difference))
    assert found is not None and found.gap is None and found.level is GapLevel.BY_CONSTRUCTION
    name, figure, text = found.fact
    assert (name, figure) == ("Adds up", "by construction")
    assert "%" not in text and f"{difference:.2f}" in text and "no evidence" in text


def test_a_gap_is_a_fact_with_its_figure():
    found = compute_completeness(attribution(0.2, -2.0))
    assert found is not None
    assert found.fact == ("Completeness gap", "10.0\u00a0%", found.text)
    undefined = compute_completeness(attribution(0.5, 1e-5))
    assert undefined is not None and undefined.fact[1] == "undefined"


def test_equal_scores_make_the_percentage_meaningless():
    found = compute_completeness(attribution(0.5, 1e-5))
    assert found is not None and found.gap is None and found.level is GapLevel.UNDEFINED
    assert "scores the same" in found.text and "sum to 0.5" in found.text


@pytest.mark.parametrize("broken", [(math.nan, 1.0), (0.1, math.inf)])
def test_what_is_not_a_number_is_said(broken):
    found = compute_completeness(attribution(*broken))
    assert found is not None and found.gap is None and "not a number" in found.text
    assert found.level is GapLevel.UNDEFINED
