"""Maps first, then the tests of each; what is kept, and when everything is."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from dashboard.attribution import get_method
from dashboard.attribution.base import Attribution, Method, ask_about
from dashboard.cache import ResultStore
from dashboard.explanation.flow import Request, _Work, explain
from dashboard.faithfulness.removal import BLACK, BLUR
from dashboard.inference.sight import ModelFacts, Sight
from dashboard.limits.maps import report_nothing
from tests.dashboard.attribution.tiny_models import create_linear

SIGHT = Sight(
    model=create_linear(),
    facts=ModelFacts("m", "M", {}, "CPU"),
    key=("network", "photo"),
    picture=np.zeros((16, 16, 3), np.uint8),
    logits=np.zeros(3, np.float32),
    labels=("a", "b", "c"),
    normalize=lambda views: np.random.default_rng(0).random((1, 2, 16, 16), np.float32),
    crop=lambda photo: photo,
    is_light=True,
)


def fail(*asked: object) -> Attribution:
    raise ValueError("it is not finite")


EDGES, CENTER = get_method("edges"), get_method("center")
FAILING = replace(EDGES, name="failing", compute=fail)


def ask(*methods: Method) -> Request:
    return Request(SIGHT, ask_about(SIGHT), [(method, {}) for method in methods])


def test_maps_come_first_and_then_the_test_of_each() -> None:
    found = list(explain(ask(EDGES, CENTER), ResultStore()))
    maps = [sum(each.map is not None for each in step.explanations) for step in found]
    verdicts = [sum(each.verdict is not None for each in step.explanations) for step in found]
    curves = [sum(each.curves is not None for each in step.explanations) for step in found]
    assert maps == [1, 2, 2, 2, 2] and verdicts == [0, 0, 2, 2, 2] and curves == [0, 0, 0, 1, 2]
    assert [step.evidence is not None for step in found] == [False, False, True, True, True]


def test_another_removal_asks_for_its_own_probes_and_curves_alone() -> None:
    store, asked = ResultStore(), []
    *_, _ = explain(ask(EDGES), store)
    blurred, black = (replace(ask(EDGES), removal=each) for each in (BLUR, BLACK))
    assert not blurred.is_computed(store)
    *_, _ = explain(blurred, store, lambda doing, _: asked.append(doing))
    assert asked and not any("half taken away" in doing for doing in asked)
    assert [each.name for each in black.removals] == ["grey", "blur", "black"]
    *_, last = explain(black, store, lambda doing, _: asked.append(doing))
    assert any("half taken away" in doing for doing in asked)
    verdict = last.explanations[0].verdict
    assert verdict is not None and len(verdict.findings) in (0, 3)
    assert black.is_computed(store) and ask(EDGES).is_computed(store)


def test_a_picture_of_a_few_pixels_gets_maps_and_one_sentence() -> None:
    tiny = replace(SIGHT, normalize=lambda views: np.ones((1, 2, 5, 16), np.float32))
    request = Request(tiny, ask_about(tiny), [(CENTER, {})])
    evidence = _Work(request, ResultStore(), report_nothing).gather_evidence()
    assert evidence.obstacle is not None and "fewer than 7 pixels" in evidence.obstacle


@pytest.mark.parametrize(
    "methods", [(EDGES,), (EDGES, FAILING), (FAILING,)], ids=["maps", "one fails", "all fail"]
)
def test_everything_is_kept_once_the_work_has_ended(methods: tuple[Method, ...]) -> None:
    request, store = ask(*methods), ResultStore()
    steps = explain(request, store)
    for _ in steps:
        pass
    assert request.is_computed(store)
    *_, last = explain(request, store, refuse)
    assert [bool(each.problem) for each in last.explanations] == [
        method is FAILING for method in methods
    ]


def refuse(doing: str, fraction: float) -> None:
    raise InterruptedError


def test_what_was_finished_when_it_was_stopped_is_kept() -> None:
    request, store = ask(EDGES, CENTER), ResultStore()
    next(explain(request, store))
    assert not request.is_computed(store)
    steps = explain(request, store, refuse)
    assert next(steps).explanations[0].map is not None
    with pytest.raises(InterruptedError):
        next(steps)


def test_who_waits_for_another_visitor_is_told_so_and_may_leave() -> None:
    class Busy(ResultStore):
        def get_or_compute(self, key: object, compute: object, on_wait: Callable[[], None]) -> None:
            on_wait()

    with pytest.raises(InterruptedError):
        next(explain(ask(EDGES), Busy(), refuse))
