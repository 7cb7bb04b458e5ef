"""The only user of ``st.session_state`` and ``st.query_params``.

A *field* is a piece of the page that a link must restore: it has a key (its name in the URL and
the key of its widget), a default and a parser. The session seeds its fields from the URL once,
widgets then own them, and the URL is rewritten after every run. Values in the URL are registry
names and numbers; whatever cannot be parsed falls back to the default and is reported, because
a shared link must never break a page. A field whose value the page does not offer any more, since
another network or picture is open, falls back in the same way: what the link says is what is shown.
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
_KNOWN = "_url_known"  # keys of all fields that this session has bound
_TITLES = "_url_titles"  # what the options of a control were called when it was last drawn
_COMPLAINTS = "_url_complaints"  # (key, text) of what the link says and nobody understands
_LEFT_OUT = "_url_left_out"  # what this run shows and no link can carry
_REPLACED = "_url_replaced"  # query strings that gave way to newer ones: (when, query)

# A browser under quick moves sends the query string of a moment ago: for so many seconds a replaced
# one is taken for such an echo, not for an address that the reader typed or went back to.
_ECHO_SECONDS = 2.0


def begin_run() -> None:
    """Start a run: forget the last run's fields, and reread them if the reader changed the URL."""
    query, is_moved = dict(st.query_params), _was_moved()
    is_new = query and query != st.session_state.get(_SEEN)
    if is_new and not is_moved and not _is_echo(query):
        for key in st.session_state.get(_KNOWN, ()):
            st.session_state.pop(key, None)
        st.session_state[_SEEN] = query
        st.session_state[_COMPLAINTS] = []
    if is_moved:
        st.session_state[_COMPLAINTS] = []
    st.session_state[_FIELDS] = {}
    st.session_state[_VALUES] = {}
    st.session_state[_LEFT_OUT] = []


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
    owns it. ``parse`` returns None for a text that means nothing here; a value of which it says so
    was chosen for another network or picture, and gives way to the default.
    """
    if key not in st.session_state:
        st.session_state[key] = _read(key, default, parse)
    kept = st.session_state[key]
    value = _check(kept, default, parse, encode)
    if value is not kept:
        st.session_state[key] = value
    st.session_state[_FIELDS][key] = None if value == default else encode(value)
    st.session_state[_VALUES][key] = value
    st.session_state[_KNOWN] = st.session_state.get(_KNOWN, frozenset()) | {key}
    return value


def _read(key: str, default: T, parse: Callable[[str], T | None]) -> T:
    text = st.query_params.get(key)
    if text is None:
        return default
    value = parse(text)
    if value is None:
        complain(key, text)
        return default
    return value


def _check(
    kept: object, default: T, parse: Callable[[str], T | None], encode: Callable[[T], str]
) -> T:
    """Return the value that a control keeps, or the default where it is not to be had here.

    A browser remembers the name of an option; once no option is called so, that name comes back in
    the place of a value.
    """
    if kept is None:  # the reader emptied it
        return default
    if isinstance(kept, str) and not isinstance(default, str):
        found = parse(kept)
        return default if found is None else found
    value = cast(T, kept)
    return value if value == default or parse(encode(value)) is not None else default


def complain(key: str, text: str) -> None:
    """Tell the reader that this part of the link means nothing here."""
    st.session_state.setdefault(_COMPLAINTS, []).append((key, text[:60]))


def get_complaints() -> Sequence[str]:
    """Return the parts of the link that meant nothing, as ``key=text``, until something changes."""
    fields = st.session_state.get(_FIELDS, {})
    complaints: Sequence[tuple[str, str]] = st.session_state.get(_COMPLAINTS, ())
    return tuple(f"{key}={text}" for key, text in complaints if key in fields)


def rename(key: str, titles: Sequence[str]) -> None:
    """Note what a control's options are called; call it after ``bind``, before it is drawn.

    Where the names are new, the control is given its value again: its browser knows the old name.
    """
    known: dict[str, Sequence[str]] = st.session_state.setdefault(_TITLES, {})
    if known.get(key, titles) != titles:
        st.session_state[key] = st.session_state[key]
    known[key] = titles


def leave_out(what: str) -> None:
    """Note something of the reader's own that this run shows and that no link can carry."""
    left_out: list[str] = st.session_state.setdefault(_LEFT_OUT, [])
    if what not in left_out:
        left_out.append(what)


def get_left_out() -> Sequence[str]:
    """Return what a link to this page leaves out."""
    return tuple(st.session_state.get(_LEFT_OUT, ()))


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
    st.session_state[_SEEN] = query


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
