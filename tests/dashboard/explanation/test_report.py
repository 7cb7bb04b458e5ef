import json
import math
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import numpy as np
import pytest

from dashboard.attribution import get_method
from dashboard.attribution.base import Question
from dashboard.explanation.flow import Explanation, Findings, Map, Request
from dashboard.explanation.report import PhotoFacts, build_report, encode_report, read_versions
from dashboard.faithfulness.completeness import Completeness, GapLevel
from dashboard.faithfulness.curve_pair import CurvePair
from dashboard.faithfulness.curves import Curve
from dashboard.faithfulness.probe_score import ProbeScore
from dashboard.faithfulness.probes import Probes
from dashboard.faithfulness.removal import BLACK, GREY
from dashboard.faithfulness.verdict import Evidence, Finding, Outcome, Verdict
from dashboard.inference.sight import ModelFacts, Sight
from tests.dashboard.attribution.tiny_models import create_linear

CURVES = CurvePair(Curve((0.0, 1.0), (0.0, 1.0)), Curve((0.0, 0.5, 1.0), (0.8, 0.0, 0.0)))
BROKEN = CurvePair(Curve((0.0, 1.0), (math.nan, 1.0)), CURVES.deletion)
PROBES = Probes(np.ones((4, 784), bool), (28, 28), np.zeros((2, 4)), 1.0)
PROBABILITIES = np.array([0.08, 0.91, 0.01], np.float32)
SIGHT = Sight(
    model=create_linear(),
    facts=ModelFacts("lite0.imagenet", "Lite0", {"predict.onnx": "ab" * 32}, "CPU"),
    key=("lite0", "chelsea"),
    picture=np.zeros((16, 16, 3), np.uint8),
    logits=np.log(PROBABILITIES),
    labels=("lynx", "tabby", "golden retriever"),
    normalize=lambda views: np.zeros((len(views), 2, 16, 16), np.float32),
    crop=lambda photo: photo,
    is_light=True,
)
REQUEST = Request(SIGHT, Question(SIGHT.inputs, 1, 2, seed=3), ())
TESTED = Explanation(
    get_method("integrated_gradients"),
    {"n_steps": 50, "baseline": "black"},
    Map(np.zeros((16, 16), np.float32), Completeness(0.012, GapLevel.CLOSED, "The map adds up.")),
    Verdict(
        Outcome.BELIEVABLE,
        "Believable on this photo.",
        "Shuffle the weights.",
        (Finding(GREY, ProbeScore(0.4, 4, 391), {"edges": 0.1, "center": 0.2}),),
    ),
    CURVES,
)
FINDINGS = Findings(
    (TESTED, Explanation(get_method("rise"), {}, problem="No map: it was stopped.")),
    Evidence((GREY, BLACK), PROBES, {"edges": np.zeros((16, 16), np.float32)}),
)
PHOTO = PhotoFacts("cd" * 32, 640, 480, (80, 0, 560, 480), "chelsea")
CREATED = datetime(2026, 8, 1, 12, 30, 15, 999, tzinfo=UTC)


def build(
    request: Request = REQUEST, photo: PhotoFacts = PHOTO, findings: Findings = FINDINGS
) -> dict[str, Any]:
    return build_report(request, photo, findings, CREATED, "?target=1")


def test_report_round_trips():
    report = build()
    assert json.loads(encode_report(report)) == report


def test_figures_are_the_ones_that_were_shown():
    method = build()["methods"][0]
    assert method["curves"] == {
        "removal": "grey",
        "difference": pytest.approx(0.5 - 0.2),
        "insertion_auc": 0.5,
        "deletion_auc": pytest.approx(0.2),
        "insertion": [[0.0, 0.0], [1.0, 1.0]],
        "deletion": [[0.0, 0.8], [0.5, 0.0], [1.0, 0.0]],
    }
    assert method["params"] == {"baseline": "black", "n_steps": 50} and method["seed"] == 3
    assert method["completeness"]["gap"] == 0.012
    assert method["verdict"]["outcome"] == "believable" and method["problem"] is None
    assert method["verdict"]["score"] == pytest.approx(0.4)
    assert method["verdict"]["findings"] == [
        {
            "removal": "grey",
            "score": 0.4,
            "n_as_good": 4,
            "n_elsewhere": 391,
            "p_value": pytest.approx(5 / 392),
            "leads_at_least": {"center": 0.2, "edges": 0.1},
        }
    ]


def test_the_test_is_told_so_that_it_can_be_done_again():
    assert build()["test"] == {
        "probes": 4,
        "level": 0.05,
        "removals": {"grey": True, "black": False},
        "blind_maps": ["edges"],
        "obstacle": None,
    }
    barred = replace(FINDINGS, evidence=Evidence((), None, {}, "It is too small."))
    assert build(findings=barred)["test"]["obstacle"] == "It is too small."


def test_provenance_is_complete():
    report = build()
    assert report["model"]["files"] == {"predict.onnx": "ab" * 32}
    assert report["model"]["provider"] == "CPU"
    assert report["photo"]["sha256"] == "cd" * 32 and report["photo"]["crop"] == [80, 0, 560, 480]
    assert report["question"] == {
        "target": {"index": 1, "label": "tabby", "probability": pytest.approx(0.91)},
        "versus": {"index": 2, "label": "golden retriever", "probability": pytest.approx(0.01)},
    }
    assert [each["label"] for each in report["top_classes"]] == [
        "tabby",
        "lynx",
        "golden retriever",
    ]
    assert report["created"] == "2026-08-01T12:30:15+00:00"
    assert report["versions"]["numpy"] == version("numpy")


def test_what_is_missing_is_null():
    bare = replace(REQUEST, question=Question(SIGHT.inputs, 1))
    report = build_report(bare, PHOTO, replace(FINDINGS, evidence=None))
    assert report["question"]["versus"] is None
    assert (report["test"], report["created"], report["link"]) == (None, None, None)
    stopped = report["methods"][1]
    assert (
        stopped["curves"] is None and stopped["verdict"] is None and "stopped" in stopped["problem"]
    )


def test_numbers_that_are_none_become_null():
    broken = replace(FINDINGS, explanations=(replace(TESTED, curves=BROKEN),))
    curves = build(findings=broken)["methods"][0]["curves"]
    assert curves["difference"] is None and curves["insertion"] == [[0.0, None], [1.0, 1.0]]
    assert b"NaN" not in encode_report(build(findings=broken))


def test_same_facts_give_the_same_bytes():
    shuffled = replace(TESTED, params=dict(reversed(TESTED.params.items())))
    again = replace(FINDINGS, explanations=(shuffled, FINDINGS.explanations[1]))
    assert encode_report(build(findings=again)) == encode_report(build())


def test_text_is_readable_utf8():
    named = replace(PHOTO, name="Café 猫")
    assert "Café 猫".encode() in encode_report(build(photo=named))


def test_versions_are_read_without_importing_torch():
    code = (
        "import sys, dashboard.explanation.report as r; v = r.read_versions();"
        "assert {'python', 'numpy', 'torch', 'captum'} <= v.keys(), v;"
        "assert not {'torch', 'captum', 'onnxruntime', 'streamlit'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    assert next(iter(read_versions())) == "python"
