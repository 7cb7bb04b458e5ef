"""One picture examined: every method's verdict, and what the test says of maps of nothing."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from dashboard.attribution import METHODS, get_method
from dashboard.attribution.base import Method, Question
from dashboard.attribution.params import compute_defaults
from dashboard.explanation.flow import gather_evidence
from dashboard.faithfulness.removal import REMOVALS, compute_blurred
from dashboard.faithfulness.verdict import Evidence, Verdict, decide, find, judge_map
from dashboard.inference.model import BackwardRules, Explained, Floats, Ints, Model

from export.benchmark.verdict.subjects import Subject

TRUTH = "truth"
Record = dict[str, Any]


@dataclass
class CountingModel:
    """A network that counts what it is asked: inputs forward, and inputs differentiated."""

    model: Model
    forward: int = 0
    gradients: int = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.model, name)

    def predict(self, inputs: Floats) -> Floats:
        """Return the logits."""
        self.forward += len(inputs)
        return self.model.predict(inputs)

    def explain(self, inputs: Floats, target: Ints, versus: Ints | None = None) -> Explained:
        """Return logits, score and gradient."""
        self.gradients += len(inputs)
        return self.model.explain(inputs, target, versus)

    def propagate(
        self,
        rules: BackwardRules,
        inputs: Floats,
        target: Ints,
        versus: Ints | None = None,
        baseline: Floats | None = None,
    ) -> Floats:
        """Return attributions by other rules: a backward pass too, DeepLIFT's of two runs."""
        self.gradients += len(inputs)
        return self.model.propagate(rules, inputs, target, versus, baseline)


def list_methods(model: Model) -> list[Method]:
    """Return the methods that are no yardstick and work on a network."""
    return [each for each in METHODS if not each.is_baseline and each.is_compatible(model) is None]


def draw(model: Model, question: Question, name: str) -> tuple[Floats, Record]:
    """Return a method's map (H, W) with its defaults, and what it cost."""
    method, counting = get_method(name), CountingModel(model)
    start = time.process_time()
    attribution = method.attribute(counting, question, compute_defaults(method.params))
    seconds = time.process_time() - start
    cost = {"forward": counting.forward, "gradients": counting.gradients}
    return method.compute_heat(attribution), {**cost, "seconds": round(seconds, 4)}


@dataclass
class Trial:
    """A picture under examination, and what is known of it so far."""

    subject: Subject
    question: Question
    record: Record
    shuffled: Model | None

    def __post_init__(self) -> None:
        self.evidence = gather_evidence(self.subject.model, self.question, REMOVALS)
        self.record["obstacle"] = self.evidence.obstacle

    def add_methods(self, again: Evidence | None) -> None:
        """Judge every method that the record lacks, with a second draw of probes where given."""
        rows = self.record.setdefault("methods", {})
        for method in list_methods(self.subject.model):
            if method.name in rows:
                continue
            try:
                heat, cost = draw(self.subject.model, self.question, method.name)
            except ValueError as error:
                rows[method.name] = {"problem": str(error)}
                continue
            verdict = judge_map(self.evidence, heat, method.name)
            rows[method.name] = {**_describe(verdict), **cost}
            if again is not None:
                rows[method.name]["again"] = judge_map(again, heat, method.name).outcome

    def add_truth(self) -> None:
        """Judge the maps that are right by construction, each under its own removal."""
        if self.subject.truth is None or TRUTH in self.record or self.evidence.obstacle:
            return
        findings = [
            find(self.evidence, self.subject.truth(self.question, removal))[index]
            for index, removal in enumerate(self.evidence.removals)
        ]
        self.record[TRUTH] = _describe(decide(findings, TRUTH))

    def add_blind(self) -> None:
        """Judge the blind maps as if the rule that bars them did not exist, each by the others."""
        if "blind" in self.record or self.evidence.obstacle:
            return
        rows = {}
        for name, heat in self.evidence.blind.items():
            others = {key: each for key, each in self.evidence.blind.items() if key != name}
            found = find(replace(self.evidence, blind=others), heat)
            rows[name] = _describe(decide(found, "barred from nothing"))
        self.record["blind"] = rows

    def add_random(self, draws: int) -> None:
        """Judge maps of noise, every other one of them smooth."""
        rows = self.record.setdefault("random", [])
        shape = self.question.inputs.shape[2:]
        for index in range(len(rows), draws if not self.evidence.obstacle else 0):
            rng = np.random.default_rng([index, *self.record["picture"].encode()])
            heat = rng.normal(size=shape).astype(np.float32)
            if index % 2:
                heat = compute_blurred(heat[np.newaxis], sigma=shape[0] / 8)[0]
            rows.append(_describe(judge_map(self.evidence, heat, "noise")))

    def add_shuffled(self) -> None:
        """Judge the maps that the shuffled network draws of the same picture and class."""
        rows = self.record.setdefault("shuffled", {})
        if self.shuffled is None or self.evidence.obstacle:
            return
        for method in list_methods(self.subject.model):
            if method.name not in rows and self.record["methods"].get(method.name, {}).get(
                "scores"
            ):
                try:
                    heat, _ = draw(self.shuffled, self.question, method.name)
                except ValueError:  # shuffled weights may overflow
                    continue
                rows[method.name] = _describe(judge_map(self.evidence, heat, method.name))

    def add_another(self, question: Question) -> None:
        """Judge the maps of another picture and its class."""
        rows = self.record.setdefault("another", {})
        for method in list_methods(self.subject.model):
            if method.name not in rows and not self.evidence.obstacle:
                heat, _ = draw(self.subject.model, question, method.name)
                rows[method.name] = _describe(judge_map(self.evidence, heat, method.name))


def examine(
    subject: Subject,
    name: str,
    record: Record,
    shuffled: Model | None,
    another: Question | None,
    draws: int,
    is_repeated: bool,
) -> Record:
    """Return the record of a picture with what it lacked added."""
    record["picture"] = name
    trial = Trial(subject, subject.cases[name](), record, shuffled)
    again = None
    if is_repeated:
        other = replace(trial.question, seed=trial.question.seed + 1)
        again = gather_evidence(subject.model, other)
    trial.add_methods(again)
    trial.add_truth()
    trial.add_blind()
    trial.add_random(draws)
    trial.add_shuffled()
    if another is not None:
        trial.add_another(another)
    return record


def is_complete(record: Mapping[str, Any], methods: Sequence[str], draws: int) -> bool:
    """Return whether a kept record lacks nothing."""
    known = record.get("methods", {})
    is_drawn = record.get("obstacle") or len(record.get("random", [])) >= draws
    return bool(is_drawn) and all(name in known for name in methods)


def _describe(verdict: Verdict) -> Record:
    return {
        "outcome": verdict.outcome,
        "scores": {each.removal.name: round(each.score.score, 4) for each in verdict.findings},
        "p": {each.removal.name: round(each.score.p_value, 5) for each in verdict.findings},
        "passed": {each.removal.name: each.is_passed for each in verdict.findings},
    }
