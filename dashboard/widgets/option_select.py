"""Controls over a few given values; each is a field of the URL."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

import streamlit as st

from dashboard import state

T = TypeVar("T")

MAX_SEED = 99


def select_option(
    key: str,
    label: str,
    default: T,
    options: Sequence[T],
    name: Callable[[T], object],
    on_change: Callable[[], None] | None = None,
) -> T:
    """Draw a list to choose from, a field of the URL by each option's ``str``."""
    value = state.bind(key, default, partial(parse_option, options))
    st.selectbox(
        label, options, format_func=lambda each: str(name(each)), key=key, on_change=on_change
    )
    return value


def slide_option(key: str, label: str, default: float, options: Sequence[float]) -> float:
    """Draw a slider over numbers that need not be evenly spaced."""
    value = state.bind(key, default, partial(parse_option, options))
    st.select_slider(label, options, format_func="{:g}".format, key=key)
    return value


def choose_seed(key: str, default: int) -> int:
    """Draw a whole number from 0 to ``MAX_SEED``."""
    value = state.bind(key, default, lambda text: parse_option(range(MAX_SEED + 1), text))
    st.number_input("Seed", 0, MAX_SEED, step=1, key=key)
    return value


def bind_text(key: str, default: str, longest: int) -> str:
    """Make a text a field of the URL, whose links have at most ``longest`` characters.

    Its field is drawn without ``max_chars``: with it the browser drops a longer paste whole,
    without a word.
    """
    return state.bind(
        key,
        default,
        lambda text: text if len(text) <= longest else None,
        lambda text: text[:longest],
    )


def parse_option(options: Sequence[T], text: str) -> T | None:
    """Return the option that ``text`` names, None if there is none."""
    return next((each for each in options if str(each) == text), None)


def parse_whole(low: int, high: int) -> Callable[[str], int | None]:
    """Return a parser of whole numbers from ``low`` to ``high``, of at most six digits."""

    def parse(text: str) -> int | None:
        # Python itself refuses to read a number of thousands of digits, by an error.
        if not (text.isascii() and text.isdecimal() and len(text) <= 6):
            return None
        return int(text) if low <= int(text) <= high else None

    return parse


def parse_real(low: float, high: float) -> Callable[[str], float | None]:
    """Return a parser of numbers from ``low`` to ``high``."""

    def parse(text: str) -> float | None:
        try:
            value = float(text)  # of any length: what is too large is infinite
        except ValueError:
            return None
        return value if low <= value <= high else None

    return parse
