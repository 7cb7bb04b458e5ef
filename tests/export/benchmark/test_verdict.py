"""The evidence: sums worked out by hand, and a whole run on a network whose rule is known."""

import json
from pathlib import Path

import numpy as np
import pytest

from dashboard.faithfulness.removal import GREY
from export.benchmark.verdict import __main__ as verdict
from export.benchmark.verdict.subjects import CUE, SQUARES, open_subject
from export.benchmark.verdict.summary import estimate, find_best, summarize, summarize_methods
from export.benchmark.verdict.trial import CountingModel, draw
from export.evidence import EvidenceError, load_evidence


def make_record(picture: int, grey: float, fast: str = "no_better") -> dict:
    def row(score: float, outcome: str, seconds: float) -> dict:
        scores = {"grey": score, "blur": score}
        passed = {"grey": outcome == "believable", "blur": outcome != "no_better"}
        p = {"grey": 0.04 if outcome == "believable" else 0.5, "blur": 0.01}
        costs = {"forward": 10, "gradients": 0, "seconds": seconds}
        return {"outcome": outcome, "scores": scores, "p": p, "passed": passed, **costs}

    return {
        "picture": str(picture),
        "obstacle": None,
        "methods": {
            "fast": {**row(grey - 0.3, fast, 0.1), "again": "no_better"},
            "slow": {**row(grey, "believable", 2.0), "again": "believable"},
            "broken": {"problem": "no map"},
        },
        "random": [row(0, "no_better", 0), row(0.1, "believable", 0)],
        "blind": {"edges": row(0.2, "depends", 0)},
        "shuffled": {"slow": row(0, "no_better", 0)},
    }


RECORDS = [make_record(i, 0.5 + 0.01 * (i % 3)) for i in range(12)]


def test_figures_are_means_with_intervals_over_pictures() -> None:
    found = summarize([*RECORDS, {**make_record(99, 0), "obstacle": "It is dark."}])
    assert (found.pictures, found.judged, found.draws) == (13, 12, 24)
    assert found.below_level["grey"].mean == 0.5 and found.below_level["blur"].mean == 1
    assert found.noise is not None and found.noise.mean == 0.5
    assert found.shuffled is not None and found.shuffled.mean == 0
    assert found.shuffled.high == pytest.approx(3 / 12)  # the rule of three
    assert found.another is None and found.truth is None
    assert found.removals_agree is not None and found.removals_agree.mean == 1
    assert found.seeds_agree is not None and found.seeds_agree.mean == 1
    assert set(found.methods) == {"fast", "slow"}
    slow = found.methods["slow"]
    assert slow.score.mean == pytest.approx(0.51) and slow.score.low < 0.51 < slow.score.high
    assert (slow.believable.mean, slow.seconds, slow.forward) == (1, 2, 10)


def test_the_best_is_the_cheapest_that_is_not_clearly_worse() -> None:
    rows = summarize_methods(RECORDS)
    assert find_best(RECORDS, rows) == "slow"
    rng = np.random.default_rng(0)
    level = [make_record(i, 0.5) for i in range(12)]
    for record in level:
        record["methods"]["fast"]["scores"] = dict.fromkeys(("grey", "blur"), rng.normal(0.5, 0.2))
    assert find_best(level, summarize_methods(level)) == "fast"
    assert find_best([], {}) is None


def test_pictures_are_resampled_and_not_their_values() -> None:
    # Ten pictures of one value each, said a hundred times: no more is known than from ten values.
    values = np.random.default_rng(0).normal(size=10)
    once, often = (estimate([[v] * n for v in values]) for n in (1, 100))
    assert once == often
    assert once is not None
    assert once.high - once.low == pytest.approx(2 * 1.96 * values.std() / 10**0.5, rel=0.15)
    assert estimate([]) is None and estimate([[], []]) is None


def test_a_run_is_kept_and_goes_on_where_it_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(verdict, "SAMPLES", tmp_path)
    monkeypatch.setattr(verdict, "N_DRAWS", 4)
    asked = ["--network", SQUARES, "--work", str(tmp_path / "work"), "--pictures"]
    verdict.main([*asked, "1"])
    first = tmp_path / "work" / SQUARES / "00000.json"
    before = first.read_text()
    verdict.main([*asked, "2"])
    assert first.read_text() == before  # with the seconds that it took the first time
    said = capsys.readouterr().out
    assert "2 of 2 pictures can be judged" in said and "best by score and time" in said
    found = load_evidence(tmp_path).networks[SQUARES]
    assert found.truth is not None and found.truth.mean == 1
    assert found.methods["input_x_gradient"].gradients == 1
    record = json.loads(first.read_text())
    del record["methods"]["saliency"]
    first.write_text(json.dumps(record))
    verdict.main([*asked, "2"])
    assert json.loads(first.read_text())["methods"]["saliency"]["scores"]
    verdict.main([*asked, "1", "--only-add-up"])
    assert load_evidence(tmp_path).networks[SQUARES].pictures == 1


def test_a_broken_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match=r"verdict\.json"):
        load_evidence(tmp_path)
    (tmp_path / "verdict.json").write_text('{"command": "x"}')
    with pytest.raises(EvidenceError, match="networks"):
        load_evidence(tmp_path)


def test_cost_is_what_the_network_was_asked() -> None:
    subject = open_subject(SQUARES)
    question = next(iter(subject.cases.values()))()
    counting = CountingModel(subject.model)
    counting.predict(np.repeat(question.inputs, 3, axis=0))
    assert (counting.forward, counting.gradients) == (3, 0)
    _, cost = draw(subject.model, question, "input_x_gradient")
    assert cost["gradients"] == 1 and cost["forward"] == 0


def test_the_mark_is_where_the_cheating_network_looks() -> None:
    subject = open_subject(CUE)
    assert len(subject.cases) > 100 and subject.truth is not None
    question = next(iter(subject.cases.values()))()
    heat = subject.truth(question, GREY)
    assert 0 < (heat > 0).sum() <= 36
    hidden = np.where(heat[np.newaxis, np.newaxis] > 0, question.inputs.min(), question.inputs)
    before, after = (subject.model.predict(each)[0] for each in (question.inputs, hidden))
    assert before.argmax() == question.target
    assert after[question.target] < before[question.target]
