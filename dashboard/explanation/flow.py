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
from dashboard.faithfulness.baselines import N_RANDOM, BaselineScores, compute_baselines
from dashboard.faithfulness.completeness import Completeness, compute_completeness
from dashboard.faithfulness.score import FaithfulnessScore, compute_faithfulness
from dashboard.faithfulness.verdict import Verdict, compute_verdict
from dashboard.inference.model import Floats
from dashboard.inference.sight import Sight
from dashboard.limits.maps import Report, report_nothing

T = TypeVar("T")

OPPONENTS = ("intensity", "edges", "center")
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
    """What one method answered and how the answer fared; untested while ``score`` is None.

    ``problem`` is a sentence where the method gave no map.
    """

    method: Method
    params: Params
    map: Map | None = None
    score: FaithfulnessScore | None = None
    verdict: Verdict | None = None
    problem: str = ""


@dataclass(frozen=True)
class Findings:
    """Everything known so far; the baselines once a map is to be tested."""

    explanations: tuple[Explanation, ...]
    baselines: BaselineScores | None = None


@dataclass(frozen=True)
class Request:
    """What is asked: why this score, by these methods, each with its parameters."""

    sight: Sight
    question: Question
    choices: Sequence[tuple[Method, Params]]

    def make_key(self, *what: Hashable) -> Hashable:
        """Return what names a result of this question, whatever the methods."""
        asked = self.question
        return self.sight.make_nameless_key(asked.target, asked.versus, asked.seed, *what)

    def make_map_key(self, method: Method, params: Params, *what: Hashable) -> Hashable:
        """Return what names one map, or ``what`` of it, and nothing else."""
        return self.make_key("map", method.name, *sorted(params.items()), *what)

    def is_computed(self, results: Results) -> bool:
        """Return whether everything asked for is at hand already."""
        keys = [self.make_map_key(*chosen) for chosen in self.choices]
        for chosen in self.choices:
            if isinstance(results.get(self.make_map_key(*chosen)), Map):  # else there is no test
                keys += [self.make_key("baselines"), self.make_map_key(*chosen, "score")]
        return all(results.get(key) is not None for key in keys)


def explain(
    request: Request, results: Results, progress: Report = report_nothing
) -> Iterator[Findings]:
    """Yield after every finished piece of work: first all maps, then the tests of each.

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
    baselines = work.score_baselines()
    yield Findings(tuple(done), baselines)
    for i, each in enumerate(done):
        done[i] = work.judge(each, baselines)
        yield Findings(tuple(done), baselines)


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

    def _draw_trivial(self, name: str, seed: int) -> Floats:
        method, question = get_method(name), replace(self.request.question, seed=seed)
        params = compute_defaults(method.params)
        return method.compute_heat(method.attribute(self.request.sight.model, question, params))

    def score_baselines(self) -> BaselineScores:
        question = self.request.question
        listener = partial(self.progress, "Testing the trivial maps")

        def compute() -> BaselineScores:
            listener(0.0)
            # The seeds start past the question's own, or the random map on show meets itself.
            seeds = range(question.seed + 1, question.seed + 1 + N_RANDOM)
            randoms = [self._draw_trivial("random", seed) for seed in seeds]
            others = {name: self._draw_trivial(name, question.seed) for name in OPPONENTS}
            model = self.request.sight.model
            return compute_baselines(model, question, randoms, others, progress=listener)

        return self._keep(self.request.make_key("baselines"), compute)

    def judge(self, drawn: Explanation, baselines: BaselineScores) -> Explanation:
        method, question = drawn.method, self.request.question
        if drawn.map is None:
            return drawn
        heat = drawn.map.heat
        score = self._keep(
            self.request.make_map_key(method, drawn.params, "score"),
            lambda: compute_faithfulness(
                self.request.sight.model,
                question,
                heat,
                progress=partial(self.progress, f"{method.label}: testing the map"),
            ),
        )
        verdict = compute_verdict(score, baselines, method.name, question.versus is not None)
        return replace(drawn, score=score, verdict=verdict)
