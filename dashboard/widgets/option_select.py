"""Controls that are fields of the URL: each draws itself and returns its value.

All keep their value while the visit lasts, also while they are not drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

import streamlit as st

from dashboard import state
from dashboard.parsing import parse_number, parse_option, parse_real, parse_switch, parse_whole

T = TypeVar("T")
Number = TypeVar("Number", int, float)

MAX_SEED = 99


def select_option(
    key: str,
    label: str,
    default: T,
    options: Sequence[T],
    name: Callable[[T], object] = str,
    *,
    help: str | None = None,
    on_change: Callable[[], None] | None = None,
) -> T:
    """Draw a list to choose from; in the URL an option is its ``str``."""
    value = state.bind(key, default, parse_option(options))
    st.selectbox(
        label,
        options,
        format_func=_rename(key, options, name),
        key=key,
        help=help,
        on_change=on_change,
        persist_state="session",
    )
    return value


def select_pill(
    key: str,
    label: str,
    default: T,
    options: Sequence[T],
    name: Callable[[T], object] = str,
    *,
    is_label_hidden: bool = False,
) -> T:
    """Draw options side by side, of which one is chosen; in the URL an option is its ``str``."""
    value = state.bind(key, default, parse_option(options))
    st.pills(
        label,
        options,
        format_func=_rename(key, options, name),
        key=key,
        required=True,
        wrap=True,
        persist_state="session",
        label_visibility="collapsed" if is_label_hidden else "visible",
    )
    return value


def select_several(
    key: str,
    label: str,
    default: Sequence[str],
    options: Sequence[str],
    name: Callable[[str], str],
    *,
    help: str | None = None,
) -> list[str]:
    """Draw options side by side, of which any number is chosen; return them in their order.

    In the URL they are their names with commas between; unknown ones are told and left out.
    """

    def parse(text: str) -> list[str] | None:
        names = dict.fromkeys(text.split(",")) if text else {}
        known, unknown = _divide(names, options)
        if known and unknown:
            state.complain(key, ",".join(unknown))
        return known if known or not unknown else None

    first = _divide(default, options)[0]
    kept: Sequence[str] | None = state.get(key, None)
    if kept and _divide(kept, options)[1]:  # chosen for another network
        state.put(key, _divide(kept, options)[0] or first)
    chosen = state.bind(key, first, parse, ",".join)
    st.pills(
        label,
        options,
        format_func=_rename(key, options, name),
        selection_mode="multi",
        key=key,
        persist_state="session",
        wrap=True,
        help=help,
    )
    return [each for each in options if each in chosen]


def _divide(names: Iterable[str], options: Sequence[str]) -> tuple[list[str], list[str]]:
    return [n for n in names if n in options], [n for n in names if n not in options]


def slide_option(
    key: str,
    label: str,
    default: T,
    options: Sequence[T],
    name: Callable[[T], object] = "{:g}".format,
    *,
    help: str | None = None,
) -> T:
    """Draw a slider over numbers that need not be evenly spaced."""
    value = state.bind(key, default, parse_number(options))
    st.select_slider(
        label,
        options,
        format_func=_rename(key, options, name),
        key=key,
        help=help,
        persist_state="session",
    )
    return value


def slide_number(
    key: str,
    label: str,
    default: Number,
    low: Number,
    high: Number,
    step: Number,
    help: str | None = None,
) -> Number:
    """Draw a slider from ``low`` to ``high``, over whole numbers where these are whole."""
    parse: Callable[[str], Number | None] = (
        parse_whole(int(low), int(high)) if isinstance(default, int) else parse_real(low, high)
    )
    value = state.bind(key, default, parse)
    st.slider(label, low, high, step=step, key=key, help=help, persist_state="session")
    return value


def select_whole(
    key: str, label: str, default: int, low: int, high: int, help: str | None = None
) -> int:
    """Draw a field for a whole number from ``low`` to ``high``."""
    value = state.bind(key, default, parse_whole(low, high))
    st.number_input(label, low, high, step=1, key=key, help=help, persist_state="session")
    return value


def select_seed(key: str, default: int, label: str = "Seed", highest: int = MAX_SEED) -> int:
    """Draw a whole number from 0 to ``highest``, of which all chance on the page follows."""
    return select_whole(key, label, default, 0, highest)


def switch(key: str, label: str) -> bool:
    """Draw a switch that is off at first."""
    value = state.bind(key, False, parse_switch)
    st.toggle(label, key=key, persist_state="session")
    return value


def select_text(
    key: str,
    label: str,
    default: str,
    longest: int,
    *,
    help: str | None = None,
    on_change: Callable[[], None] | None = None,
) -> str:
    """Draw a field for a text, whose links have at most ``longest`` characters.

    It is drawn without ``max_chars``: with it the browser drops a longer paste whole, without a
    word.
    """
    value = state.bind(
        key,
        default,
        lambda text: text if len(text) <= longest else None,
        lambda text: text[:longest],
    )
    if len(value) > longest:
        state.leave_out(f"your text beyond its first {longest:,} characters")
    st.text_input(label, key=key, help=help, on_change=on_change, persist_state="session")
    return value


def _rename(key: str, options: Sequence[T], name: Callable[[T], object]) -> Callable[[T], str]:
    """Return what names an option, once ``state`` has been told all names."""
    state.rename(key, [str(name(each)) for each in options])
    return lambda each: str(name(each))
