"""Work that a button starts and another stops, on a page of its own."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import cache
from dashboard.explanation.flow import WAITING
from dashboard.widgets import on_demand
from dashboard.widgets.on_demand import compute_with_bar
from tests.dashboard.app_driver import press_stop

SCRIPT = """
import streamlit as st
from dashboard import state
from dashboard.widgets.on_demand import compute_on_demand

state.begin_run()

def compute(move):
    move("Counting", 0.5)
    state.put("count", state.get("count", 0) + 1)
    return "done"

key = ("on_demand_test", "{name}")
found = compute_on_demand("{name}", key, "Start", compute, at_once={at_once})
st.text(f"{{found}} {{state.get('count', 0)}}")
"""
PATIENCE = 30  # seconds


def _open(name: str, at_once: bool) -> AppTest:
    return AppTest.from_string(SCRIPT.format(name=name, at_once=at_once)).run()


def test_nothing_happens_before_the_button() -> None:
    app = _open("asked", at_once=False)
    assert app.text[0].value == "None 0"
    app.button(key="start_asked").click().run()
    assert app.text[0].value == "done 1"
    assert not app.button  # neither start nor stop is left
    app.run()
    assert app.text[0].value == "done 1"  # kept, not computed again
    assert cache.get_results().get(("on_demand_test", "asked")) == "done"


def test_light_work_starts_by_itself() -> None:
    assert _open("light", at_once=True).text[0].value == "done 1"


def test_stopped_work_waits_for_the_button(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(on_demand, "draw_progress", press_stop)
        app = _open("stopped", at_once=True)
    assert app.text[0].value == "None 0"
    app.run()
    assert app.text[0].value == "None 0"
    app.button(key="start_stopped").click().run()
    assert app.text[0].value == "done 1"


def test_who_comes_second_waits_with_a_bar_and_computes_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun, seen = Event(), Event()
    told: list[str] = []

    def move(doing: str, fraction: float) -> None:
        told.append(doing)
        seen.set()

    def compute() -> str:
        begun.set()
        assert seen.wait(PATIENCE)
        return "theirs"

    monkeypatch.setattr(on_demand, "_draw_bar", lambda: move)
    with ThreadPoolExecutor(1) as other:
        theirs = other.submit(
            cache.get_results().get_or_compute, ("on_demand_test", "second"), compute
        )
        assert begun.wait(PATIENCE)
        app = _open("second", at_once=True)
        assert theirs.result(PATIENCE) == "theirs"
    assert app.text[0].value == "theirs 0" and told[0] == WAITING


def test_what_falls_out_of_the_store_is_computed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(on_demand, "_draw_bar", lambda: lambda doing, fraction: None)
    store = cache.ResultStore(1)
    monkeypatch.setattr(cache, "get_results", lambda: store)
    for value in ((1,), (2,)):
        assert compute_with_bar("key", lambda move, value=value: value) == value
        store.get_or_compute("another", lambda: 0)  # there is room for one
