"""A time has its moment and can be measured again; no question hangs on one."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count, cycle
from types import ModuleType

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.inference.latency import Latency
from dashboard.limits.speed import Speed
from dashboard.views.cost import cost_report, quantised
from dashboard.views.families import page as families
from dashboard.widgets.measured import Measured
from tests.dashboard.app_driver import has_text, open_view

SMALL = "cnn.fashion_mnist"


def test_the_moment_names_the_day_unless_it_is_today() -> None:
    now = datetime.now(UTC)
    assert Measured(0, now).moment == f"{now:%H:%M} UTC"
    before = now - timedelta(days=3)
    assert Measured(0, before).moment == f"{before.day} {before:%B, %H:%M} UTC"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """Let every measurement take one millisecond more than the one before; return how many."""
    turns, made = count(1), [0]

    def measure(*_: object) -> Latency:
        made[0] = value = next(turns)
        return Latency(value, value, value, value, 9)

    def compare(*_: object) -> Speed:
        made[0] = value = next(turns)
        return Speed(value, value, 1, 1, 1, 9)

    for module in (cost_report, families):
        monkeypatch.setattr(module, "measure_latency", measure)
    monkeypatch.setattr(quantised, "compare_speed", compare)
    return lambda: made[0]


PAGES = [("cost", {"model": SMALL}, 1), ("families", {}, 5)]


@pytest.mark.parametrize(("slug", "query", "times"), PAGES)
def test_a_time_is_kept_with_its_moment_until_it_is_measured_again(
    slug: str, query: dict[str, str], times: int, clock: Callable[[], int]
) -> None:
    app = open_view(slug, **query)
    assert not app.exception and has_text(app, "Measured at ")
    before = clock()
    open_view(slug, **query)
    assert clock() == before  # kept for all readers: the moment says so
    for turn in (1, 2):
        app.button(key=f"again_{slug}").click().run()
        assert not app.exception and clock() == before + turn * times
    app.run()
    open_view(slug, **query)
    assert clock() == before + 2 * times


def test_times_beside_each_other_are_measured_again_together(clock: Callable[[], int]) -> None:
    app = open_view("cost", model=SMALL)
    app.button(key="again_cost").click().run()
    if any(each.key == "start_quantised" for each in app.button):
        app.button(key="start_quantised").click().run()
    before = clock()
    assert has_text(app, "Both were timed in turn at ")
    app.button(key="again_cost").click().run()
    assert not app.exception and clock() == before + 2
    assert app.metric[2].value == f"{before + 1:.2f} ms"
    assert has_text(app, f"| {before + 2:.2f} ms | {before + 2:.2f} ms |")


def test_what_is_timed_when_asked_is_measured_again_without_asking() -> None:
    app = open_view("diffusion", **{"diffusion.steps": "2", "diffusion.versus": "none"})
    if any(each.key == "start_diffusion_timing" for each in app.button):
        app.button(key="start_diffusion_timing").click().run()
    assert has_text(app, "Measured at ")
    app.button(key="again_diffusion_timing").click().run()
    assert not app.exception and has_text(app, "Measured at ")


def read_questions(app: AppTest) -> dict[str, object]:
    """Return every question on a page with the answer that it takes for the right one."""
    for radio in list(app.radio):
        app.radio(key=radio.key).set_value(0).run()
        app.button(key=str(radio.key).replace("question", "reveal")).click().run()
    answers: dict[str, tuple[int, bool]] = app.session_state["lesson_answers"]
    return {key: is_right for key, (_, is_right) in answers.items()}


@pytest.mark.parametrize(
    ("slug", "query", "module"),
    [("cost", {"model": SMALL}, cost_report), ("families", {}, families)],
)
def test_no_question_hangs_on_a_time(
    slug: str, query: dict[str, str], module: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []
    for values in (range(1, 6), range(1000, 1, -200)):
        times = cycle([float(value) ** 3 for value in values])
        monkeypatch.setattr(
            module, "measure_latency", lambda *_, times=times: Latency(*[next(times)] * 4, 9)
        )
        app = open_view(slug, **query)
        app.button(key=f"again_{slug}").click().run()
        found.append(read_questions(app))
    assert found[0] and found[0] == found[1]
