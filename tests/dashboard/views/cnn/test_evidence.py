"""What is said of silenced channels, on curves made by hand."""

import altair as alt
import pytest

from dashboard.features.channels import Survival, find_hardiest
from dashboard.views.cnn.charts import plot_survival
from dashboard.views.cnn.evidence import (
    create_evidence_question,
    say_what_it_shows,
    tabulate_survival,
)

TITLES = ["1 early", "2 late"]


def create_curve(stage: int, channels: int, fewest: float, at_random: float) -> Survival:
    kept = (channels // 32, channels // 2, channels)
    return Survival(stage, channels, kept, (fewest, 0.7, 0.8), (at_random, 0.3, 0.8))


TRAINED = (create_curve(0, 32, 0.08, 0.0), create_curve(1, 1280, 0.6, 0.04))
LATE = (create_curve(0, 32, 0.2, 0.2), create_curve(1, 1280, 1.2, 0.4))
EARLY = (LATE[1], LATE[0])


def test_what_is_left_is_a_share_of_the_whole() -> None:
    assert TRAINED[1].left == pytest.approx(0.75)
    assert TRAINED[1].left_random == pytest.approx(0.05)
    assert LATE[1].left == pytest.approx(1.5)
    assert find_hardiest(TRAINED) == find_hardiest(LATE) == 1


def test_the_question_is_about_shares() -> None:
    question = create_evidence_question("x", TRAINED, TITLES)
    assert question.right == 1
    assert "1 early: 10\u00a0%, 2 late: 75\u00a0%" in question.reveal


def test_counts_stand_beside_their_shares_and_the_control_beside_both() -> None:
    *_, first, last = tabulate_survival(TRAINED, LATE, TITLES).splitlines()
    assert first.startswith(
        "| 1 early | 1 of 32 (3\u00a0%) | 10\u00a0% | 0\u00a0% | 16 (50\u00a0%) |"
    )
    assert (
        "| 40 of 1,280 (3\u00a0%) | 75\u00a0% | 5\u00a0% | 40 (3\u00a0%) | 150\u00a0% | 50\u00a0% |"
        in last
    )


def test_a_network_that_learnt_nothing_takes_the_conclusion_back() -> None:
    said = say_what_it_shows(TRAINED, LATE, TITLES)
    assert "**no evidence that late channels stand for parts or objects**" in said
    assert "75\u00a0% of the probability are left with the 40 channels" in said
    said = say_what_it_shows(TRAINED, EARLY, TITLES)
    assert "with shuffled weights, in **1 early**" in said and "no evidence" not in said


def test_the_chart_says_of_which_network_it_is() -> None:
    spec = plot_survival(TRAINED, TITLES, "Weights shuffled")
    alt.Chart.from_dict(spec, validate=True)
    assert spec["description"].startswith("Weights shuffled: probability with few channels kept.")
