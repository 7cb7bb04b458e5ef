"""Work that takes long: a button starts it, a bar shows it, a button stops it, the result is kept.

Unlike ``progress``, several such works may stand on one page, each with buttons of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TypeVar

import streamlit as st

from dashboard import cache, state

T = TypeVar("T")
Move = Callable[[str, float], None]

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

    ``name`` tells this work's buttons from others' on the page. ``compute`` is given what moves the
    bar (what is done, fraction in 0-1). With ``at_once`` no button is asked for. ``store`` is
    where the result is kept, the process's by default. Returns None while the reader has not asked,
    or has stopped it.
    """
    store = cache.get_results() if store is None else store
    if store.has(key):
        return store.get_or_compute(key, lambda: compute(_ignore))
    work = (name, key)
    asked: frozenset[Hashable] = state.get(_ASKED, frozenset())
    stopped = (work, "stopped")
    if work not in asked and (not at_once or stopped in asked):
        st.button(
            label, key=f"start_{name}", on_click=_change, args=({work}, {stopped}), type="primary"
        )
        return None
    state.write_url()  # before the work, so that a link copied meanwhile is right
    spot = st.empty()
    with spot.container(horizontal=True, vertical_alignment="center"):
        bar = st.progress(0.0, "Starting …")
        st.button("Stop", key=f"stop_{name}", on_click=_change, args=({stopped}, {work}))

    def move(doing: str, fraction: float) -> None:
        bar.progress(min(max(fraction, 0.0), 1.0), f"{doing} …")

    result = store.get_or_compute(key, lambda: compute(move))
    spot.empty()
    return result


def _change(added: set[Hashable], dropped: set[Hashable]) -> None:
    asked: frozenset[Hashable] = state.get(_ASKED, frozenset())
    state.put(_ASKED, (asked - dropped) | added)


def _ignore(doing: str, fraction: float) -> None:
    pass
