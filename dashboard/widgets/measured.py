"""Times that were measured on this machine: each with its moment, and a button to measure again.

A result is kept for all readers, so that a time may be an earlier visitor's: its moment says so.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

import streamlit as st

from dashboard import state

T = TypeVar("T")


@dataclass(frozen=True)
class Measured(Generic[T]):
    """What was measured, and when."""

    value: T
    at: datetime

    @property
    def moment(self) -> str:
        """The moment by the clock of this machine: "14:03 UTC", with its day unless today."""
        is_today = self.at.date() == datetime.now(self.at.tzinfo).date()
        day = "" if is_today else f"{self.at.day} {self.at:%B}, "  # "%-d" is not known everywhere
        return f"{day}{self.at:%H:%M %Z}"


def measure(compute: Callable[[], T]) -> Measured[T]:
    """Return what ``compute`` measures, with the moment at which it was done."""
    return Measured(compute(), datetime.now().astimezone())


def get_turn(name: str) -> float:
    """Return what tells this reader's measurement from the one kept for all; 0 is the latter.

    It belongs into the key under which a result of the measurements ``name`` is kept.
    """
    return state.get(f"measured_{name}", 0.0)


def draw_moment(name: str, moment: str) -> None:
    """Draw when something was measured, and the button to measure all of ``name`` again."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"Measured at {moment}.", width="content")
        st.button(
            "Measure again",
            key=f"again_{name}",
            type="tertiary",
            on_click=state.put,
            args=(f"measured_{name}", time.time()),
        )
