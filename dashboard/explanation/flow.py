"""One photo, one question, several methods: compute every map, then test it.

Pure: whoever calls it decides what is kept (``Results``) and what is shown in between.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol, TypeVar

from dashboard.attribution import get_method
from dashboard.attribution.base import Method, Question
from dashboard.attribution.params import Params, compute_defaults
from dashboard.faithfulness.completeness import Completeness, compute_completeness
from dashboard.faithfulness.curve_pair import CurvePair, compute_curve_pairs
from dashboard.faithfulness.probes import Probes, choose_n_probes, join_probes, run_probes
from dashboard.faithfulness.removal import GREY, JUDGES, Removal
from dashboard.faithfulness.verdict import (
    BLIND,
    Evidence,
    Verdict,
    find_small,
    judge_map,
    weigh,
)
from dashboard.inference.model import Floats, Model
from dashboard.inference.sight import Sight
from dashboard.limits.maps import Report, report_nothing

T = TypeVar("T")

WAITING = "Waiting: another visitor has asked for the same"


class Results(Protocol):
    """Where results are kept between two looks at the same thing."""

    def get(self, key: Hashable) -> object | None:
        """Return the result under ``key``, None where there is none."""

    def get_or_compute(
        self, key: Hashable, compute: Callable[[], T], on_wait: Callable[[], None]
    ) -> T:
        """Return the result under ``key``, computing and keeping it if it is new.

        ``on_wait`` is called, and may raise, while somebody else computes it.
        """


@dataclass(frozen=True)
class Map:
    """A method's heat map (H, W); ``completeness`` where the method promises it."""

    heat: Floats
    completeness: Completeness | None


@dataclass(frozen=True)
class Explanation:
    """What one method answered and how the answer fared; untested while ``verdict`` is None.

    ``curves`` picture the test; ``problem`` is a sentence where the method gave no map.
    """

    method: Method
    params: Params
    map: Map | None = None
    verdict: Verdict | None = None
    curves: CurvePair | None = None
    problem: str = ""


@dataclass(frozen=True)
class Findings:
    """Everything known so far; the evidence once a map is to be tested."""

    explanations: tuple[Explanation, ...]
    evidence: Evidence | None = None


@dataclass(frozen=True)
class Request:
    """What is asked: why this score, by these methods, each with its parameters.

    ``removal`` is what the curves show; where no verdict rests on it, it is probed as well.
    ``n_probes`` pictures test each map under each removal, 0 for as many as suit the picture.
    """

    sight: Sight
    question: Question
    choices: Sequence[tuple[Method, Params]]
    removal: Removal = GREY
    n_probes: int = 0

    @property
    def removals(self) -> tuple[Removal, ...]:
        """The removals that are probed: those that judge, and the one on show."""
        return JUDGES if self.removal.is_judge else (*JUDGES, self.removal)

    def make_key(self, *what: Hashable) -> Hashable:
        """Return what names a result of this question, whatever the methods."""
        asked = self.question
        return self.sight.make_nameless_key(asked.target, asked.versus, asked.seed, *what)

    def make_map_key(self, method: Method, params: Params, *what: Hashable) -> Hashable:
        """Return what names one map, or ``what`` of it, and nothing else."""
        return self.make_key("map", method.name, *sorted(params.items()), *what)

    def make_verdict_key(self, method: Method, params: Params) -> Hashable:
        """Return what names the verdict on one map."""
        return self.make_map_key(method, params, "verdict", *self._name_test())

    def make_curves_key(self, method: Method, params: Params) -> Hashable:
        """Return what names the curves of one map."""
        return self.make_map_key(method, params, "curves", self.removal.name)

    def make_evidence_key(self) -> Hashable:
        """Return what names the evidence that judges every map."""
        return self.make_key("evidence", *self._name_test())

    def count_probes(self) -> int:
        """Return how many probes there are under each removal."""
        return self.n_probes or choose_n_probes(self.question.inputs.shape[2:])

    def _name_test(self) -> list[Hashable]:
        return [self.count_probes(), *(each.name for each in self.removals)]

    def is_computed(self, results: Results) -> bool:
        """Return whether everything asked for is at hand already."""
        keys = [self.make_map_key(*chosen) for chosen in self.choices]
        for chosen in self.choices:
            if isinstance(results.get(self.make_map_key(*chosen)), Map):  # else there is no test
                keys += [self.make_evidence_key(), self.make_verdict_key(*chosen)]
                keys.append(self.make_curves_key(*chosen))
        return all(results.get(key) is not None for key in keys)


def explain(
    request: Request, results: Results, progress: Report = report_nothing
) -> Iterator[Findings]:
    """Yield after every finished piece of work: all maps, then the verdicts, then their curves.

    ``progress`` is told what is being done and the fraction of that which is done; it may raise
    to stop, and what is finished by then is kept.
    """
    work = _Work(request, results, progress)
    done = [Explanation(method, params) for method, params in request.choices]
    for i, each in enumerate(done):
        done[i] = work.draw_map(each)
        yield Findings(tuple(done))
    if not any(each.map for each in done):
        return
    evidence = work.gather_evidence()
    done = [work.judge(each, evidence) for each in done]
    yield Findings(tuple(done), evidence)
    for i, each in enumerate(done):
        done[i] = work.draw_curves(each)
        yield Findings(tuple(done), evidence)


def draw_blind(model: Model, question: Question) -> dict[str, Floats]:
    """Return the maps (H, W) that know nothing of the network and are hard to beat."""
    heats = {}
    for name in BLIND:
        method = get_method(name)
        attribution = method.attribute(model, question, compute_defaults(method.params))
        heats[name] = method.compute_heat(attribution)
    return heats


def gather_evidence(
    model: Model,
    question: Question,
    removals: Sequence[Removal] = JUDGES,
    n: int | None = None,
) -> Evidence:
    """Return what judges every map of a question, in one go; ``n`` probes under each removal."""
    n = n or choose_n_probes(question.inputs.shape[2:])
    probes = run_probes(model, question, removals, n)
    return weigh(question, removals, probes, draw_blind(model, question))


@dataclass(frozen=True)
class _Work:
    request: Request
    results: Results
    progress: Report

    def _keep(self, key: Hashable, compute: Callable[[], T]) -> T:
        # Somebody else may be at it already: to tell so is also where a visitor can leave.
        return self.results.get_or_compute(key, compute, partial(self.progress, WAITING, 0.0))

    def draw_map(self, untested: Explanation) -> Explanation:
        method, params, question = untested.method, untested.params, self.request.question
        listener = partial(self.progress, f"{method.label}: drawing the map")

        def compute() -> Map | str:
            listener(0.0)
            try:
                attribution = method.attribute(self.request.sight.model, question, params, listener)
            except (ValueError, RuntimeError) as error:
                return f"No map: {error}"
            return Map(method.compute_heat(attribution), compute_completeness(attribution))

        outcome = self._keep(self.request.make_map_key(method, params), compute)
        if isinstance(outcome, str):
            return replace(untested, problem=outcome)
        return replace(untested, map=outcome)

    def gather_evidence(self) -> Evidence:
        request = self.request

        def compute() -> Evidence:
            if obstacle := find_small(request.question):
                return Evidence((), None, {}, obstacle)
            parts = [self._probe(removal) for removal in request.removals]
            blind = self._keep(request.make_key("blind"), self._draw_blind)
            return weigh(request.question, request.removals, join_probes(parts), blind)

        return self._keep(request.make_evidence_key(), compute)

    def _probe(self, removal: Removal) -> Probes:
        request = self.request
        n = request.count_probes()
        doing = f"Testing: half taken away in {n:,} ways, {removal.label}"
        listener = partial(self.progress, doing)
        return self._keep(
            request.make_key("probes", removal.name, n),
            lambda: run_probes(request.sight.model, request.question, [removal], n, listener),
        )

    def _draw_blind(self) -> dict[str, Floats]:
        return draw_blind(self.request.sight.model, self.request.question)

    def judge(self, drawn: Explanation, evidence: Evidence) -> Explanation:
        method, found = drawn.method, drawn.map
        if found is None:
            return drawn
        verdict = self._keep(
            self.request.make_verdict_key(method, drawn.params),
            lambda: judge_map(
                evidence, found.heat, method.name, method.is_stochastic, method.if_flat
            ),
        )
        return replace(drawn, verdict=verdict)

    def draw_curves(self, judged: Explanation) -> Explanation:
        method, found, request = judged.method, judged.map, self.request
        if found is None:
            return judged
        listener = partial(self.progress, f"{method.label}: its order, pixel by pixel")
        curves = self._keep(
            request.make_curves_key(method, judged.params),
            lambda: compute_curve_pairs(
                request.sight.model,
                request.question,
                {"map": found.heat},
                request.removal,
                progress=listener,
            )["map"],
        )
        return replace(judged, curves=curves)
