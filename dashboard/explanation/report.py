"""The figures to take away: everything that was shown, with what is needed to compute it again."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from dashboard.charts import curve_points
from dashboard.explanation.flow import Explanation, Findings, Request
from dashboard.faithfulness.curve_pair import CurvePair
from dashboard.faithfulness.verdict import LEVEL, Evidence, Verdict
from dashboard.inference.sight import Sight

Json = dict[str, Any]

FORMAT = "glass-box-report/2"
N_TOP = 5  # classes that are told, the likeliest first
# Both builds of ONNX Runtime are listed: which of them is installed is part of the answer.
_PACKAGES = ("onnxruntime", "onnxruntime-gpu", "numpy", "pillow", "captum", "torch")


@dataclass(frozen=True)
class PhotoFacts:
    """The photo: SHA-256 of its bytes and pixels; ``crop`` is (left, top, right, bottom) in them.

    ``name`` is the sample's; leave it empty for an upload, whose file name is the reader's own.
    """

    sha256: str
    width: int
    height: int
    crop: tuple[int, int, int, int] | None = None
    name: str = ""


def read_versions() -> dict[str, str]:
    """Return the versions of Python and of the installed packages, without importing them."""
    found = {"python": ".".join(map(str, sys.version_info[:3]))}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def build_report(
    request: Request,
    photo: PhotoFacts,
    findings: Findings,
    created: datetime | None = None,
    link: str = "",
) -> Json:
    """Return the report as plain JSON values in a fixed order; what is not finite becomes None.

    ``created`` is the moment of the request, with its time zone.
    """
    sight, question = request.sight, request.question
    describe = partial(_describe_class, sight)
    report = {
        "format": FORMAT,
        "created": created.isoformat(timespec="seconds") if created else None,
        "link": link or None,
        "model": asdict(sight.facts),
        "photo": asdict(photo),
        "question": {
            "target": describe(question.target),
            "versus": None if question.versus is None else describe(question.versus),
        },
        "top_classes": [describe(index) for index in sight.ranking[:N_TOP]],
        "methods": [_describe_method(each, request) for each in findings.explanations],
        "test": _describe_test(findings.evidence) if findings.evidence else None,
        "versions": read_versions(),
    }
    cleaned: Json = _clean(report)
    return cleaned


def encode_report(report: Json) -> bytes:
    """Return the report as indented UTF-8 JSON, in the order it was built in."""
    return (json.dumps(report, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()


def _describe_class(sight: Sight, index: int) -> Json:
    probability = sight.compute_probability(index)
    return {"index": index, "label": sight.labels[index], "probability": probability}


def _describe_method(explanation: Explanation, request: Request) -> Json:
    method, verdict, curves = explanation.method, explanation.verdict, explanation.curves
    completeness = explanation.map.completeness if explanation.map else None
    return {
        "name": method.name,
        "label": method.label,
        "source": method.source,
        "params": dict(sorted(explanation.params.items())),
        "seed": request.question.seed,
        "problem": explanation.problem or None,
        "verdict": _describe_verdict(verdict) if verdict else None,
        "curves": _describe_curves(curves, request.removal.name) if curves else None,
        "completeness": asdict(completeness) if completeness else None,
    }


def _describe_test(evidence: Evidence) -> Json:
    return {
        "probes": len(evidence.probes.shown) if evidence.probes else 0,
        "level": LEVEL,
        "removals": {each.name: each.is_judge for each in evidence.removals},
        "blind_maps": list(evidence.blind),
        "obstacle": evidence.obstacle,
    }


def _describe_verdict(verdict: Verdict) -> Json:
    return {
        "outcome": verdict.outcome,
        "text": verdict.text,
        "advice": verdict.advice,
        "score": verdict.score,
        "findings": [
            {
                "removal": each.removal.name,
                **asdict(each.score),
                "p_value": each.score.p_value,
                "leads_at_least": dict(sorted(each.leads.items())),
            }
            for each in verdict.findings
        ],
    }


def _describe_curves(curves: CurvePair, removal: str) -> Json:
    return {
        "removal": removal,
        "difference": curves.difference,
        "insertion_auc": curves.insertion.auc,
        "deletion_auc": curves.deletion.auc,
        "insertion": curve_points(curves.insertion),
        "deletion": curve_points(curves.deletion),
    }


def _clean(value: Any) -> Any:
    """Return ``value`` in JSON's own types: NaN and infinity have no number there."""
    if isinstance(value, Mapping):
        return {str(key): _clean(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_clean(each) for each in value]
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    return value
