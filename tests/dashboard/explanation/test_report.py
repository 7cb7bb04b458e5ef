import json
import math
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version

import pytest

from dashboard.explanation.report import (
    ClassFacts,
    MethodFacts,
    PhotoFacts,
    ReportFacts,
    build_report,
    encode_report,
    read_versions,
)
from dashboard.faithfulness.baselines import BaselineScores
from dashboard.faithfulness.completeness import Completeness, GapLevel
from dashboard.faithfulness.curves import Curve
from dashboard.faithfulness.score import FaithfulnessScore
from dashboard.faithfulness.verdict import Level, Verdict
from dashboard.inference.sight import ModelFacts

SCORE = FaithfulnessScore(Curve((0.0, 1.0), (0.0, 1.0)), Curve((0.0, 0.5, 1.0), (0.8, 0.0, 0.0)))
BROKEN = FaithfulnessScore(Curve((0.0, 1.0), (math.nan, 1.0)), SCORE.deletion)
CAT, DOG = ClassFacts(281, "tabby", 0.91), ClassFacts(207, "golden retriever", 0.01)
TESTED = MethodFacts(
    name="integrated_gradients",
    label="Integrated gradients",
    source="arXiv:1703.01365",
    params={"n_steps": 50, "baseline": "black"},
    seed=3,
    score=SCORE,
    verdict=Verdict(Level.BEATS_ALL, "Better than every trivial map on this photo.", "Score 0.30."),
    completeness=Completeness(0.012, GapLevel.CLOSED, "The map adds up."),
)
FACTS = ReportFacts(
    model=ModelFacts("lite0.imagenet", "Lite0", {"predict.onnx": "ab" * 32}, "CPU"),
    photo=PhotoFacts("cd" * 32, 640, 480, (80, 0, 560, 480), "chelsea"),
    target=CAT,
    versus=DOG,
    top=(CAT, DOG),
    methods=(TESTED, MethodFacts("rise", "RISE", "", {}, 0, problem="No map: it was stopped.")),
    baselines=BaselineScores((SCORE, BROKEN), {"intensity": SCORE, "edges": SCORE}),
    created=datetime(2026, 8, 1, 12, 30, 15, 999, tzinfo=UTC),
    link="?target=281",
)


def test_report_round_trips():
    report = build_report(FACTS)
    assert json.loads(encode_report(report)) == report


def test_figures_are_the_ones_that_were_shown():
    method = build_report(FACTS)["methods"][0]
    assert method["faithfulness"] == {
        "score": pytest.approx(0.5 - 0.2),
        "insertion_auc": 0.5,
        "deletion_auc": pytest.approx(0.2),
        "has_ranking": True,
        "insertion": [[0.0, 0.0], [1.0, 1.0]],
        "deletion": [[0.0, 0.8], [0.5, 0.0], [1.0, 0.0]],
    }
    assert method["params"] == {"baseline": "black", "n_steps": 50} and method["seed"] == 3
    assert method["completeness"]["gap"] == 0.012
    assert method["verdict"]["level"] == "beats_all" and method["problem"] is None


def test_provenance_is_complete():
    report = build_report(FACTS)
    assert report["model"]["files"] == {"predict.onnx": "ab" * 32}
    assert report["model"]["provider"] == "CPU"
    assert report["photo"]["sha256"] == "cd" * 32 and report["photo"]["crop"] == [80, 0, 560, 480]
    assert report["question"] == {
        "target": {"index": 281, "label": "tabby", "probability": 0.91},
        "versus": {"index": 207, "label": "golden retriever", "probability": 0.01},
    }
    assert report["created"] == "2026-08-01T12:30:15+00:00"
    assert report["versions"]["numpy"] == version("numpy")


def test_what_is_missing_is_null():
    bare = replace(FACTS, versus=None, baselines=None, created=None, link="")
    report = build_report(bare)
    assert report["question"]["versus"] is None
    assert (report["baselines"], report["created"], report["link"]) == (None, None, None)
    stopped = report["methods"][1]
    assert stopped["faithfulness"] is None and stopped["problem"] == "No map: it was stopped."


def test_numbers_that_are_none_become_null():
    random = build_report(FACTS)["baselines"]["random"]
    assert random[0]["score"] == pytest.approx(0.3)
    assert random[1]["score"] is None and random[1]["insertion"] == [[0.0, None], [1.0, 1.0]]
    assert b"NaN" not in encode_report(build_report(FACTS))


def test_same_facts_give_the_same_bytes():
    shuffled = replace(TESTED, params=dict(reversed(TESTED.params.items())))
    again = replace(
        FACTS,
        methods=(shuffled, FACTS.methods[1]),
        baselines=BaselineScores((SCORE, BROKEN), {"edges": SCORE, "intensity": SCORE}),
    )
    assert encode_report(build_report(again)) == encode_report(build_report(FACTS))


def test_text_is_readable_utf8():
    named = replace(FACTS, photo=replace(FACTS.photo, name="Café 猫"))
    assert "Café 猫".encode() in encode_report(build_report(named))


def test_versions_are_read_without_importing_torch():
    code = (
        "import sys, dashboard.explanation.report as r; v = r.read_versions();"
        "assert {'python', 'numpy', 'torch', 'captum'} <= v.keys(), v;"
        "assert not {'torch', 'captum', 'onnxruntime', 'streamlit'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    assert next(iter(read_versions())) == "python"
