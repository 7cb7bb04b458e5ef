"""A progress bar for a run of work, with a button that stops it."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TypeVar

import streamlit as st

from dashboard import cache, state

T = TypeVar("T")
Move = Callable[[float], None]  # told the fraction done

_STOPPED = "stopped_work"


def is_stopped(work: str) -> bool:
    """Return whether the reader has stopped this work (a name made of all it depends on)."""
    return state.get(_STOPPED, "") == work


def draw_stopped(work: str) -> None:
    """Say that the work was stopped, and offer to go on."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("Stopped. What was finished by then is kept.")
        st.button("Go on", key="go_on", on_click=state.drop, args=(_STOPPED,))


def draw_progress(work: str) -> Callable[[str, float], None]:
    """Draw a bar and a stop button; return what moves the bar to (what is done, fraction in 0-1).

    Pressing the button reruns the script: Streamlit ends the run in progress the next time that
    it draws, which is the next time that the bar moves.
    """
    with st.container(horizontal=True, vertical_alignment="center"):
        bar = st.progress(0.0, "Starting …")
        st.button("Stop", key="stop", on_click=state.put, args=(_STOPPED, work))

    def move(doing: str, fraction: float) -> None:
        bar.progress(min(max(fraction, 0.0), 1.0), f"{doing} …")

    return move


def compute_with_bar(key: Hashable, text: str, compute: Callable[[Move], T]) -> T:
    """Return the result kept under ``key``, or compute it under a progress bar."""
    store = cache.get_results()
    if store.has(key):
        return store.get_or_compute(key, lambda: compute(lambda _: None))
    state.write_url()  # a link copied meanwhile is right
    bar = st.progress(0.0, text)
    result = store.get_or_compute(key, lambda: compute(lambda done: _move(bar, done, text)))
    bar.empty()
    return result


def _move(bar: st.delta_generator.DeltaGenerator, done: float, text: str) -> None:
    bar.progress(min(done, 1.0), text)
