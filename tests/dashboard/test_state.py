"""The address and the session: which of them is right when they differ."""

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import state

SCRIPT = """
import streamlit as st
from dashboard import state
state.begin_run()
state.bind("n", 0, lambda text: int(text) if text.isdecimal() else None)
st.slider("n", 0, 9, key="n")
state.write_url()
"""


def move_twice() -> AppTest:
    """Return a page whose slider went to 3 and then to 5."""
    app = AppTest.from_string(SCRIPT).run()
    for value in (3, 5):
        app.slider[0].set_value(value).run()
    assert dict(app.query_params) == {"n": "5"}
    return app


@pytest.mark.parametrize("echo_seconds", [2.0, 0.0])  # 0: it lags behind for longer than that
def test_an_address_that_lags_behind_takes_no_move_back(
    echo_seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state, "_ECHO_SECONDS", echo_seconds)
    app = move_twice()
    app.query_params["n"] = "3"  # as a browser sends it that has not caught up yet
    app.slider[0].set_value(7).run()
    assert app.slider[0].value == 7 and dict(app.query_params) == {"n": "7"}


def test_a_rerun_without_a_move_is_no_reason_to_believe_an_echo() -> None:
    app = move_twice()
    app.query_params["n"] = "3"
    app.run()
    assert app.slider[0].value == 5


def test_an_old_address_is_read_again_once_it_cannot_be_an_echo(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = move_twice()
    monkeypatch.setattr(state, "_ECHO_SECONDS", 0.0)
    app.query_params["n"] = "3"  # the reader went back
    app.run()
    assert app.slider[0].value == 3 and dict(app.query_params) == {"n": "3"}


def test_an_address_that_was_never_written_is_the_readers_at_once() -> None:
    app = move_twice()
    app.query_params["n"] = "8"
    app.run()
    assert app.slider[0].value == 8


def _wait_for_somebody() -> None:
    import streamlit as st
    from streamlit.runtime.scriptrunner import get_script_run_ctx

    from dashboard import state

    # Streamlit ends a run, where it is to be ended, in what it calls here.
    context, called = get_script_run_ctx(), []
    assert context is not None
    ends = context.session_state._yield_callback
    object.__setattr__(context.session_state, "_yield_callback", lambda: called.append("asked"))
    state.let_leave()
    object.__setattr__(context.session_state, "_yield_callback", ends)
    st.text(called[0])


def test_who_waits_lets_streamlit_end_the_run() -> None:
    app = AppTest.from_function(_wait_for_somebody).run()
    assert not app.exception and app.text[0].value == "asked"


def test_outside_of_a_run_there_is_nobody_to_leave() -> None:
    state.let_leave()
