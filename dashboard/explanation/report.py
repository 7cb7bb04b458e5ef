"""The figures to take away: everything that was shown, with what is needed to compute it again."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from dashboard.attribution.params import Params
from dashboard.charts import curve_points
from dashboard.faithfulness.baselines import BaselineScores
from dashboard.faithfulness.completeness import Completeness
from dashboard.faithfulness.score import FaithfulnessScore
from dashboard.faithfulness.verdict import Verdict
from dashboard.inference.sight import ModelFacts, Sight

Json = dict[str, Any]

FORMAT = "glass-box-report/1"
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


@dataclass(frozen=True)
class ClassFacts:
    """A class: its index, label and probability among all classes, in [0, 1]."""

    index: int
    label: str
    probability: float


def describe_class(sight: Sight, index: int) -> ClassFacts:
    """Return a class as the network sees it."""
    return ClassFacts(index, sight.labels[index], sight.compute_probability(index))


@dataclass(frozen=True)
class MethodFacts:
    """A method's map and how it fared; None for what was not computed."""

    name: str
    label: str
    source: str
    params: Params
    seed: int
    score: FaithfulnessScore | None = None
    verdict: Verdict | None = None
    completeness: Completeness | None = None
    problem: str = ""


@dataclass(frozen=True)
class ReportFacts:
    """All that a report tells. ``created`` is the moment of the request, with its time zone."""

    model: ModelFacts
    photo: PhotoFacts
    target: ClassFacts
    versus: ClassFacts | None
    top: Sequence[ClassFacts]
    methods: Sequence[MethodFacts]
    baselines: BaselineScores | None = None
    created: datetime | None = None
    link: str = ""
    versions: Mapping[str, str] = field(default_factory=lambda: read_versions())


def read_versions() -> dict[str, str]:
    """Return the versions of Python and of the installed packages, without importing them."""
    found = {"python": ".".join(map(str, sys.version_info[:3]))}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def build_report(facts: ReportFacts) -> Json:
    """Return the report as plain JSON values in a fixed order; what is not finite becomes None."""
    report = {
        "format": FORMAT,
        "created": facts.created.isoformat(timespec="seconds") if facts.created else None,
        "link": facts.link or None,
        "model": asdict(facts.model),
        "photo": asdict(facts.photo),
        "question": {
            "target": asdict(facts.target),
            "versus": asdict(facts.versus) if facts.versus else None,
        },
        "top_classes": [asdict(each) for each in facts.top],
        "methods": [_describe_method(each) for each in facts.methods],
        "baselines": _describe_baselines(facts.baselines) if facts.baselines else None,
        "versions": dict(facts.versions),
    }
    cleaned: Json = _clean(report)
    return cleaned


def encode_report(report: Json) -> bytes:
    """Return the report as indented UTF-8 JSON, in the order it was built in."""
    return (json.dumps(report, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()


def _describe_method(facts: MethodFacts) -> Json:
    verdict, completeness = facts.verdict, facts.completeness
    return {
        "name": facts.name,
        "label": facts.label,
        "source": facts.source,
        "params": dict(sorted(facts.params.items())),
        "seed": facts.seed,
        "problem": facts.problem or None,
        "faithfulness": _describe_score(facts.score) if facts.score else None,
        "verdict": asdict(verdict) if verdict else None,
        "completeness": asdict(completeness) if completeness else None,
    }


def _describe_baselines(baselines: BaselineScores) -> Json:
    return {
        "random": [_describe_score(each) for each in baselines.random],
        **{name: _describe_score(each) for name, each in sorted(baselines.others.items())},
    }


def _describe_score(score: FaithfulnessScore) -> Json:
    return {
        "score": score.score,
        "insertion_auc": score.insertion.auc,
        "deletion_auc": score.deletion.auc,
        "has_ranking": score.has_ranking,
        "insertion": curve_points(score.insertion),
        "deletion": curve_points(score.deletion),
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
