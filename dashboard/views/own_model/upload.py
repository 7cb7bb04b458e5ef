"""Receiving a visitor's model: checked and tried out in front of them, kept only if it works."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile as ReceivedFile

from dashboard import cache, state
from dashboard.cache import OwnFile, OwnSpace
from dashboard.inference.images import Photo
from dashboard.inference.samples import list_samples
from dashboard.uploads.file import UploadedFile
from dashboard.uploads.inspection import MAX_BYTES
from dashboard.uploads.sandbox_wire import UploadError
from dashboard.widgets.on_demand import draw_progress

MAX_MEGABYTES = MAX_BYTES >> 20
MAX_RECEIVED = 2 * MAX_MEGABYTES  # up to here this page says why, beyond it the browser refuses

_GENERATION = "own_model_generation"
_ARRIVED = "own_model_arrived"
_PROBLEM = "own_model_problem"
_HAD_ONE = "own_model_name"


@dataclass(frozen=True, eq=False)
class _Arrival:
    """A file that has arrived and was not looked at yet."""

    name: str
    data: bytes


def list_trial_photos() -> list[Photo]:
    """Return the sample photos, on which a network is tried."""
    return [cache.get_sample(sample.name) for sample in list_samples()]


def receive_model(space: OwnSpace) -> OwnFile | None:
    """Draw the uploader, look at what arrived, and return the model that is at hand, if any.

    A file that cannot be used is named in one sentence, and the model before it stays.
    """
    # The key changes with every upload: the uploader starts empty, and the bytes are freed.
    key = f"own_model_{state.get(_GENERATION, 0)}"
    st.file_uploader(
        f"An image classifier as one ONNX file, up to {MAX_MEGABYTES} MB",
        max_upload_size=MAX_RECEIVED,
        help=f"Your browser refuses to send more than {MAX_RECEIVED} MB.",
        key=key,
        on_change=_take,
        args=(key,),
    )
    arrived: _Arrival | None = state.get(_ARRIVED, None)
    if arrived is not None:
        _look_at(space, arrived)
        st.rerun()
    _draw_problem(space)
    return space.upload


def _take(key: str) -> None:
    received: ReceivedFile | None = state.get(key, None)
    if received is None:
        return
    state.put(_ARRIVED, _Arrival(received.name, received.getvalue()))
    state.put(_GENERATION, state.get(_GENERATION, 0) + 1)


def _look_at(space: OwnSpace, arrived: _Arrival) -> None:
    move = draw_progress("upload", _stop)
    move("Checking the file in a sandbox", 0.0)
    photos = [photo.pixels for photo in list_trial_photos()]
    try:
        file = UploadedFile(arrived.data)
        move("Trying how it wants its photos", 0.1)
        detected = file.detect(
            photos, lambda done: move("Trying how it wants its photos", 0.1 + 0.9 * done)
        )
    except UploadError as error:
        state.put(_PROBLEM, (arrived.name, str(error)))
        state.drop(_ARRIVED)
    else:
        state.drop(_ARRIVED)  # before it is taken: whoever presses Stop from here on comes too late
        space.take(OwnFile(arrived.name, file, detected))
        state.put(_HAD_ONE, arrived.name)
        state.drop(_PROBLEM)


def _stop() -> None:
    if state.get(_ARRIVED, None) is not None:  # else it was done before the button was pressed
        state.drop(_ARRIVED)
        state.put(_PROBLEM, ("", "Stopped: the model was not taken."))


def _draw_problem(space: OwnSpace) -> None:
    name, sentence = state.get(_PROBLEM, ("", ""))
    if sentence:
        st.warning(sentence, icon="⚠️")
        if name:
            st.text(f"File: {name[:80]}")
        if space.upload is not None:
            st.caption("The model before it is still here.")
    elif space.upload is None and state.get(_HAD_ONE, ""):
        st.info(
            "The connection was lost, and your model was let go with it: upload it again.",
            icon="🔌",
        )
