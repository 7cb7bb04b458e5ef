"""What the classes of a visitor's model are called."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile as ReceivedFile

from dashboard import cache, state
from dashboard.uploads.labels import (
    MAX_LENGTH,
    N_IMAGENET,
    LabelError,
    check_count,
    decode_labels,
    name_classes,
)
from dashboard.uploads.sandbox_wire import clean_text

MAX_RECEIVED = 20  # megabytes: up to here this page says why, beyond it the browser refuses

_FILE, _IMAGENET, _MINE, _NUMBERS = "file", "imagenet", "mine", "numbers"
_TITLES = {
    _FILE: "as the model's file says",
    _IMAGENET: "ImageNet's",
    _MINE: "my own list",
    _NUMBERS: "just numbers",
}


def select_labels(key: str, n_classes: int, in_file: Sequence[str]) -> tuple[str, ...]:
    """Draw the choice and return one harmless label for each class.

    ``key`` names the model; ``in_file`` are the labels in its file, or none.
    """
    offers = _list_offers(n_classes, in_file)
    source = st.selectbox(
        "Names of the classes",
        (*offers, _MINE) if _MINE not in offers else tuple(offers),
        format_func=lambda name: _TITLES[name],
        key=f"{key}.labels",
        persist_state="session",
        help="Your own list: a text file with one name a line, or a JSON list, in the order of "
        "the classes.",
    )
    labels = offers.get(source, offers[_NUMBERS])
    if source == _MINE:
        labels = _receive_list(key, n_classes) or labels
    return tuple(clean_text(label, MAX_LENGTH) for label in labels)


def _list_offers(n_classes: int, in_file: Sequence[str]) -> dict[str, Sequence[str]]:
    offers: dict[str, Sequence[str]] = {}
    if len(in_file) == n_classes:
        offers[_FILE] = in_file
    if n_classes in (N_IMAGENET, N_IMAGENET + 1):
        imagenet = _find_imagenet()
        if imagenet:
            offers[_IMAGENET] = name_classes(n_classes, imagenet)
    offers[_NUMBERS] = name_classes(n_classes)
    return offers


def _find_imagenet() -> tuple[str, ...]:
    """Return ImageNet's names from a model of the zoo that has them, or none."""
    for entry in cache.get_zoo():
        if entry.error is None and entry.name.endswith(".imagenet"):
            return cache.get_card(entry.name).labels
    return ()


def _receive_list(key: str, n_classes: int) -> tuple[str, ...]:
    kept = f"{key}.own_labels"
    number = state.get(f"{kept}.number", 0)
    widget = f"{kept}.{number}"
    st.file_uploader(
        f"A list of {n_classes:,} names, one a line",
        max_upload_size=MAX_RECEIVED,
        key=widget,
        on_change=_take_list,
        args=(widget, kept, n_classes),
    )
    problem = state.get(f"{kept}.problem", "")
    if problem:
        st.warning(problem, icon="⚠️")
    labels: tuple[str, ...] = state.get(kept, ())
    return labels if len(labels) == n_classes else ()


def _take_list(widget: str, kept: str, n_classes: int) -> None:
    received: ReceivedFile | None = state.get(widget, None)
    if received is None:
        return
    state.put(f"{kept}.number", state.get(f"{kept}.number", 0) + 1)
    try:
        labels = decode_labels(received.getvalue())
        check_count(labels, n_classes)
    except LabelError as error:
        state.put(f"{kept}.problem", str(error))
    else:
        state.put(kept, labels)
        state.drop(f"{kept}.problem")
