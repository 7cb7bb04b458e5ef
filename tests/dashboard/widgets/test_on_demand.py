"""Work that a button starts, on a page of its own."""

from streamlit.testing.v1 import AppTest

from dashboard import cache

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
    assert cache.get_results().has(("on_demand_test", "asked"))


def test_light_work_starts_by_itself() -> None:
    assert _open("light", at_once=True).text[0].value == "done 1"


def test_stopped_work_waits_for_the_button() -> None:
    app = AppTest.from_string(SCRIPT.format(name="stopped", at_once=True))
    work = ("stopped", ("on_demand_test", "stopped"))
    app.session_state["works_asked_for"] = frozenset({(work, "stopped")})
    app.run()
    assert app.text[0].value == "None 0"
    app.button(key="start_stopped").click().run()
    assert app.text[0].value == "done 1"
