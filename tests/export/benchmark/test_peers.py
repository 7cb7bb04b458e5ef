"""The comparison with DIANNA's RISE, without DIANNA: scores, summary, record and rows."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dashboard.attribution.base import Question
from dashboard.faithfulness.removal import BLUR, GREY
from export.benchmark.intervals import Interval
from export.benchmark.peer_networks import Contest, open_contest
from export.benchmark.peer_rows import CELLS, Record, Row, merge, read_record, tell_rows
from export.benchmark.peers import VARIANTS, Result, score_maps, summarise

MEAN = Interval(0.5, 0.4, 0.6)
ROW = Row(
    "CNN", "grey", 12, 3, 1000, 333, CELLS, MEAN, MEAN, Interval(-0.01, -0.03, 0.01), 2.04, 0.1
)


@pytest.fixture(scope="module")
def contest() -> Contest:
    return open_contest("cnn.fashion_mnist", {})


def test_a_map_of_nothing_scores_nothing_under_both_removals(contest: Contest) -> None:
    inputs = contest.pictures[0]
    question = Question(inputs, int(contest.model.predict(inputs)[0].argmax()))
    rng = np.random.default_rng(0)
    heats = [rng.random((28, 28), np.float32) for _ in range(40)]
    scores = score_maps(contest, question, heats)
    assert scores.shape == (40, 2) and contest.removals == (GREY, BLUR)
    errors = scores.std(axis=0, ddof=1) / np.sqrt(40)
    assert (np.abs(scores.mean(axis=0)) < 3.5 * errors).all()
    # Turned over, a map's curves are each other's: the score changes its sign.
    turned = score_maps(contest, question, [-heat for heat in heats[:3]])
    assert turned == pytest.approx(-scores[:3], abs=1e-5)


def test_the_summary_compares_on_the_same_pictures(contest: Contest) -> None:
    two = replace(contest, pictures=contest.pictures[:2])
    ours, theirs = np.array([[0.5, 0.3]]), np.array([[0.2, 0.3]])

    def create(bonus: float) -> Result:
        scores = np.concatenate([theirs + bonus, *[ours] * len(VARIANTS)])
        return Result(scores, (6.0, *[2.0] * len(VARIANTS)), 0.2)

    rows = summarise(two, [[create(0.0), create(0.1)], [create(0.2), create(0.1)]])
    assert len(rows) == len(VARIANTS) * 2
    grey, blur = rows[:2]
    assert (grey.removal, blur.removal) == (GREY.label, BLUR.label)
    assert grey.ours.value == pytest.approx(0.5) and grey.ours.half == pytest.approx(0)
    assert grey.theirs.value == pytest.approx(0.3) and grey.theirs.half > 0.1
    assert grey.lead.value == pytest.approx(0.2) and blur.lead.value == pytest.approx(-0.1)
    assert grey.speed == pytest.approx(3) and grey.share == pytest.approx(0.2)
    assert [row.our_masks for row in rows[::2]] == [1000, 333, 333]


def test_a_network_measured_again_takes_its_rows_place() -> None:
    other = replace(ROW, network="DIANNA's digits")
    before = Record("1.8.1", (ROW, other))
    now = Record("1.8.1", (replace(ROW, speed=9.0),))
    assert merge(before, now) == Record("1.8.1", (now.rows[0], other))
    with pytest.raises(ValueError, match=r"1\.8\.1 would stand"):
        merge(before, replace(now, dianna="2.0"))
    everything = Record("2.0", (ROW, other))
    assert merge(before, everything) == everything


def test_a_row_tells_both_intervals() -> None:
    (told,) = tell_rows([ROW, replace(ROW, our_cells=CELLS + 6)])
    assert told == (
        "| RISE, 333 masks: CNN, 12 pictures, grey | 0.500 ± 0.100 | 0.500 ± 0.100 | "
        "-0.010 (-0.030 to +0.010) | 2.0 times |"
    )


def test_the_record_is_read_back(tmp_path: Path) -> None:
    assert read_record().dianna
    path = tmp_path / "peers.json"
    path.write_text('{"dianna": "1", "rows": []}')
    assert read_record(path) == Record("1", ())
