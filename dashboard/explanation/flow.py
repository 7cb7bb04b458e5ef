"""One photo, one question, several methods: compute every map, then test it.

Pure: whoever calls it decides what is kept (``Results``) and what is shown in between.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from dashboard.attribution import get_method
from dashboard.attribution.base import Method, Progress, Question
from dashboard.attribution.params import Params, compute_defaults
from dashboard.faithfulness.baselines import N_RANDOM, BaselineScores, compute_baselines
from dashboard.faithfulness.completeness import Completeness, compute_completeness
from dashboard.faithfulness.score import FaithfulnessScore, compute_faithfulness
from dashboard.faithfulness.verdict import Verdict, compute_verdict
from dashboard.inference.model import Floats
from dashboard.inference.sight import Sight

T = TypeVar("T")

OPPONENTS = ("intensity", "edges", "center")


class Results(Protocol):
    """Where results are kept between two looks at the same thing."""

    def has(self, key: Hashable) -> bool:
        """Return whether a result is at hand."""

    def get_or_compute(self, key: Hashable, compute: Callable[[], T]) -> T:
        """Return the result under ``key``, computing and keeping it if it is new."""


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
    """The state of the work: everything known so far, and what is being done now."""

    explanations: tuple[Explanation, ...]
    baselines: BaselineScores | None
    doing: str


def _make_key(sight: Sight, question: Question, *what: Hashable) -> Hashable:
    return sight.make_nameless_key(question.target, question.versus, question.seed, *what)


def make_map_key(
    sight: Sight, question: Question, method: Method, params: Params, *what: Hashable
) -> Hashable:
    """Return what names one map, or ``what`` of it, and nothing else, in ``Results``."""
    return _make_key(sight, question, "map", method.name, *sorted(params.items()), *what)


def is_computed(
    sight: Sight,
    question: Question,
    choices: Sequence[tuple[Method, Params]],
    results: Results,
) -> bool:
    """Return whether everything asked for is at hand already."""
    keys: list[Hashable] = [_make_key(sight, question, "baselines")]
    for method, params in choices:
        keys += [make_map_key(sight, question, method, params, *what) for what in ((), ("score",))]
    return all(results.has(key) for key in keys)


def explain(
    sight: Sight,
    question: Question,
    choices: Sequence[tuple[Method, Params]],
    results: Results,
    progress: Callable[[str, float], None],
) -> Iterator[Findings]:
    """Yield after every finished piece of work: first all maps, then the tests of each.

    ``progress`` is told what is being done and the fraction of that which is done; it may raise
    to stop, and what is finished by then is kept.
    """
    done = [Explanation(method, params) for method, params in choices]
    for i, (method, params) in enumerate(choices):
        done[i] = _draw_map(sight, question, method, params, results, progress)
        yield Findings(tuple(done), None, method.label)
    if not any(each.map for each in done):
        return
    baselines = _score_baselines(sight, question, results, progress)
    yield Findings(tuple(done), baselines, "trivial maps")
    for i, each in enumerate(done):
        done[i] = _judge(sight, question, each, baselines, results, progress)
        yield Findings(tuple(done), baselines, each.method.label)


def _draw_map(
    sight: Sight,
    question: Question,
    method: Method,
    params: Params,
    results: Results,
    progress: Callable[[str, float], None],
) -> Explanation:
    key = make_map_key(sight, question, method, params)
    listener: Progress = lambda fraction: progress(f"{method.label}: drawing the map", fraction)  # noqa: E731

    def compute() -> Map | str:
        listener(0.0)
        try:
            attribution = method.attribute(sight.model, question, params, listener)
        except (ValueError, RuntimeError) as error:
            return f"No map: {error}"
        return Map(method.compute_heat(attribution), compute_completeness(attribution))

    outcome = results.get_or_compute(key, compute)
    if isinstance(outcome, str):
        return Explanation(method, params, problem=outcome)
    return Explanation(method, params, outcome)


def _score_baselines(
    sight: Sight,
    question: Question,
    results: Results,
    progress: Callable[[str, float], None],
) -> BaselineScores:
    def draw(name: str, seed: int) -> Floats:
        method = get_method(name)
        asked = Question(question.inputs, question.target, question.versus, seed)
        return method.compute_heat(
            method.attribute(sight.model, asked, compute_defaults(method.params))
        )

    def compute() -> BaselineScores:
        progress("Testing the trivial maps", 0.0)
        # The seeds start past the question's own, or the random map on show meets itself.
        randoms = [draw("random", question.seed + 1 + i) for i in range(N_RANDOM)]
        others = {name: draw(name, question.seed) for name in OPPONENTS}
        return compute_baselines(
            sight.model,
            question,
            randoms,
            others,
            progress=lambda fraction: progress("Testing the trivial maps", fraction),
        )

    return results.get_or_compute(_make_key(sight, question, "baselines"), compute)


def _judge(
    sight: Sight,
    question: Question,
    explanation: Explanation,
    baselines: BaselineScores,
    results: Results,
    progress: Callable[[str, float], None],
) -> Explanation:
    drawn, method, params = explanation.map, explanation.method, explanation.params
    if drawn is None:
        return explanation
    score = results.get_or_compute(
        make_map_key(sight, question, method, params, "score"),
        lambda: compute_faithfulness(
            sight.model,
            question,
            drawn.heat,
            progress=lambda fraction: progress(f"{method.label}: testing the map", fraction),
        ),
    )
    verdict = compute_verdict(score, baselines, method.name, question.versus is not None)
    return Explanation(method, params, drawn, score, verdict)
