"""Work that takes long: a button starts it, a bar shows it, a button stops it, the result is kept.

Several such works may stand on one page, each with buttons of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import partial
from typing import Any, TypeVar

import streamlit as st

from dashboard import cache, state
from dashboard.explanation.flow import WAITING

T = TypeVar("T")
Move = Callable[[str, float], None]
"""Moves the bar: what is done, and the fraction of it in 0-1."""

_ASKED = "works_asked_for"


def compute_on_demand(
    name: str,
    key: Hashable,
    label: str,
    compute: Callable[[Move], T],
    at_once: bool = False,
    store: cache.ResultStore | None = None,
) -> T | None:
    """Return the result kept under ``key``; where there is none, draw what makes it.

    ``name`` tells this work's buttons from others' on the page. ``store`` is where the result is
    kept, the process's by default. Returns None while the reader has not asked, or has stopped it.
    """
    store = cache.get_results() if store is None else store
    kept: T | None = store.get(key)
    if kept is not None:
        return kept
    spot = st.empty()
    with spot.container():
        move = draw_start(name, key, label, at_once)
    if move is None:
        return None
    result = _compute(store, key, compute, move)
    spot.empty()
    return result


def compute_with_bar(key: Hashable, compute: Callable[[Move], T]) -> T:
    """Return the result kept under ``key``, or compute it under a bar: for a second or two."""
    store = cache.get_results()
    kept: T | None = store.get(key)
    if kept is not None:
        return kept
    spot = st.empty()
    with spot:
        move = _draw_bar()
    result = _compute(store, key, compute, move)
    spot.empty()
    return result


def _compute(
    store: cache.ResultStore, key: Hashable, compute: Callable[[Move], T], move: Move
) -> T:
    # The bar that moves is also where Streamlit ends the run of a visitor who leaves.
    return store.get_or_compute(key, lambda: compute(move), partial(move, WAITING, 0.0))


def draw_start(name: str, work: Hashable, label: str, at_once: bool = False) -> Move | None:
    """Draw the button that starts a work, or a bar with one that stops it; return what moves that.

    ``work`` is equal for equal work only. With ``at_once`` it starts by itself, and the button is
    drawn where the reader has stopped it.
    """
    asked: frozenset[Hashable] = state.get(_ASKED, frozenset())
    started = (name, work)
    stopped = (started, "stopped")
    if started not in asked and (not at_once or stopped in asked):
        st.button(
            label,
            key=f"start_{name}",
            on_click=_change,
            args=({started}, {stopped}),
            type="primary",
        )
        return None
    return draw_progress(name, _change, {stopped}, {started})


def draw_progress(name: str, on_stop: Callable[..., None], *args: Any) -> Move:
    """Draw a bar and a stop button that calls ``on_stop``; return what moves the bar.

    Pressing the button reruns the script: Streamlit ends the run in progress the next time that
    it draws, which is the next time that the bar moves.
    """
    with st.container(horizontal=True, vertical_alignment="center"):
        move = _draw_bar()
        st.button("Stop", key=f"stop_{name}", on_click=on_stop, args=args)
    return move


def _draw_bar() -> Move:
    state.write_url()  # before the work, so that a link copied meanwhile is right
    bar = st.progress(0.0, "Starting …")

    def move(doing: str, fraction: float) -> None:
        bar.progress(min(max(fraction, 0.0), 1.0), f"{doing} …")

    return move


def _change(added: set[Hashable], dropped: set[Hashable]) -> None:
    asked: frozenset[Hashable] = state.get(_ASKED, frozenset())
    state.put(_ASKED, (asked - dropped) | added)
