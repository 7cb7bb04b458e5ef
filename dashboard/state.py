"""The only user of ``st.session_state`` and ``st.query_params``.

A *field* is a piece of the page that a link must restore: it has a key (its name in the URL and
the key of its widget), a default and a parser. The session seeds its fields from the URL once,
widgets then own them, and the URL is rewritten after every run. Values in the URL are registry
names and numbers; whatever cannot be parsed falls back to the default and is reported, because
a shared link must never break a page.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar, cast

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

T = TypeVar("T")

_SEEN = "_url_seen"  # the query string that this session last read or wrote
_FIELDS = "_url_fields"  # fields bound in this run: key -> text, or None at the default
_VALUES = "_url_values"  # and their values
_COMPLAINTS = "_url_complaints"
_IS_NEW = "_url_is_new"  # the link has been read, and the reader has changed nothing since
_REPLACED = "_url_replaced"  # query strings that gave way to newer ones: (when, query)

# A browser under quick moves sends the query string of a moment ago: for so many seconds a replaced
# one is taken for such an echo, not for an address that the reader typed or went back to.
_ECHO_SECONDS = 2.0


def begin_run() -> None:
    """Start a run: forget the last run's fields, and reread them if the reader changed the URL."""
    query = dict(st.query_params)
    is_new = query and query != st.session_state.get(_SEEN)
    if is_new and not _was_moved() and not _is_echo(query):
        for key in st.session_state.get(_FIELDS, {}):
            st.session_state.pop(key, None)
        st.session_state[_SEEN] = query
        st.session_state[_COMPLAINTS] = []
        st.session_state[_IS_NEW] = True
    st.session_state[_FIELDS] = {}
    st.session_state[_VALUES] = {}


def _was_moved() -> bool:
    """Return whether the reader moved a control: then the address is older than that move."""
    values: dict[str, object] = st.session_state.get(_VALUES, {})
    return any(
        key in st.session_state and st.session_state[key] != value for key, value in values.items()
    )


def _is_echo(query: Mapping[str, str]) -> bool:
    return any(query == old for _, old in _list_replaced())


def _list_replaced() -> list[tuple[float, dict[str, str]]]:
    since = time.monotonic() - _ECHO_SECONDS
    return [each for each in st.session_state.get(_REPLACED, ()) if each[0] > since]


def bind(
    key: str,
    default: T,
    parse: Callable[[str], T | None],
    encode: Callable[[T], str] = str,
) -> T:
    """Make ``key`` a field of the URL and return its value.

    Call it before the widget with the same key is drawn; the widget then starts at the value and
    owns it. ``parse`` returns None for a text that means nothing here.
    """
    if key not in st.session_state:
        st.session_state[key] = _read(key, default, parse)
    value = cast(T, st.session_state[key])
    st.session_state[_FIELDS][key] = None if value == default else encode(value)
    st.session_state[_VALUES][key] = value
    return value


def _read(key: str, default: T, parse: Callable[[str], T | None]) -> T:
    text = st.query_params.get(key)
    if text is None:
        return default
    value = parse(text)
    if value is None:
        st.session_state.setdefault(_COMPLAINTS, []).append(f"{key}={text[:60]}")
        return default
    return value


def get_complaints() -> Sequence[str]:
    """Return the parts of the link that meant nothing, as ``key=text``, until something changes."""
    return tuple(st.session_state.get(_COMPLAINTS, ()))


def write_url() -> None:
    """Write every field that is not at its default into the URL; call it once all are bound."""
    fields = st.session_state[_FIELDS]
    # What is not bound yet may be later, when a model has been uploaded or a method chosen.
    query = {key: text for key, text in st.query_params.items() if key not in fields}
    query |= {key: text for key, text in fields.items() if text is not None}
    if dict(st.query_params) != query:
        replaced = (time.monotonic(), dict(st.session_state.get(_SEEN) or {}))
        st.session_state[_REPLACED] = [*_list_replaced(), replaced]
        st.query_params.from_dict(query)
        if not st.session_state.get(_IS_NEW, False):
            st.session_state[_COMPLAINTS] = []
    st.session_state[_SEEN] = query
    st.session_state[_IS_NEW] = False


def get(key: str, default: T) -> T:
    """Return a value of this session, or ``default``."""
    return cast(T, st.session_state.get(key, default))


def put(key: str, value: object) -> None:
    """Remember a value for this session; a widget's only before it is drawn, or in a callback."""
    st.session_state[key] = value


def drop(key: str) -> None:
    """Forget a value of this session."""
    st.session_state.pop(key, None)


def let_leave() -> None:
    """End this run here if its visitor has left or asked for another one; to be called in a wait.

    Streamlit looks for that whenever the session's state is read. Outside of a run, do nothing.
    """
    if get_script_run_ctx(suppress_warning=True) is not None:
        st.session_state.get(_SEEN)
