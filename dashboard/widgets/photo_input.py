"""Which photo: a sample, uploads, or the camera. Returns the photo that the page is about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st
from streamlit.errors import StreamlitAPIException
from streamlit.runtime.uploaded_file_manager import UploadedFile

from dashboard import cache, state
from dashboard.inference.images import ImageError, Photo, decode_image
from dashboard.inference.samples import CLOTHING, PHOTOS, list_samples
from dashboard.parsing import parse_option
from dashboard.widgets.option_select import select_pill

MAX_PHOTOS = 10
MAX_MEGABYTES = 10
MAX_RECEIVED = 50  # megabytes: up to here this page says why, beyond it the browser refuses
TYPES = ["png", "jpg", "jpeg", "webp", "bmp", "gif", "tif", "tiff"]

SAMPLE, UPLOAD, CAMERA = "Samples", "Upload", "Camera"

_SAMPLE_KEYS = {PHOTOS: "sample", CLOTHING: "garment"}
_SOURCE = "photo_source"
_PHOTOS = "own_photos"
_CHOSEN = "own_photo_index"
_PROBLEMS = "photo_problems"
_GENERATION = "upload_generation"


@dataclass(frozen=True)
class ChosenPhoto:
    """A photo and what may be said about it; ``sample`` is "" for the reader's own."""

    photo: Photo
    sample: str
    caption: str
    alt: str


@dataclass(frozen=True)
class _Problem:
    """Why a file did not become a photo. The file's name is untrusted text: never markdown."""

    file_name: str
    sentence: str


def select_photo(subject: str = PHOTOS) -> ChosenPhoto:
    """Draw the choice of a photo; what was chosen last stays until something better is there.

    ``subject`` is what the samples show, one of ``samples.SUBJECTS``; each has a choice of its own.
    """
    samples = {sample.name: sample for sample in list_samples(subject)}
    first, key = next(iter(samples)), _SAMPLE_KEYS[subject]
    name = state.bind(key, first, parse_option(tuple(samples)))
    source = st.segmented_control(
        "Photo",
        (SAMPLE, UPLOAD, CAMERA),
        default=SAMPLE,
        key=_SOURCE,
        persist_state="session",
        required=True,
        label_visibility="collapsed",
    )
    if source == SAMPLE:
        select_pill(
            key,
            "Sample photo",
            first,
            tuple(samples),
            lambda name: samples[name].title,
            is_label_hidden=True,
        )
    elif source == UPLOAD:
        _draw_uploader()
    else:
        _draw_camera()
    _draw_problems()
    own = state.get(_PHOTOS, ())
    if source != SAMPLE and own:
        return _select_own(own)
    sample = samples[name]
    caption = f"{sample.title}. {sample.credit} ({sample.licence})."
    return ChosenPhoto(cache.get_sample(sample.name), sample.name, caption, sample.alt)


def _draw_uploader() -> None:
    key = f"upload_{state.get(_GENERATION, 0)}"
    try:
        st.file_uploader(
            f"One to {MAX_PHOTOS} photos, up to {MAX_MEGABYTES} MB each",
            type=TYPES,
            accept_multiple_files=True,
            max_upload_size=MAX_RECEIVED,
            help=f"Your browser refuses to send more than {MAX_RECEIVED} MB.",
            key=key,
            on_change=_take_uploads,
            args=(key,),
        )
    except StreamlitAPIException:
        # A file of a forbidden type was sent past the browser's check: this uploader is lost.
        _reset_uploader()
        _report([_Problem("", f"That file is not a photo. Send one of: {', '.join(TYPES)}.")])
        st.rerun()


def _draw_camera() -> None:
    key = f"camera_{state.get(_GENERATION, 0)}"
    st.camera_input("Take a photo", key=key, on_change=_take_uploads, args=(key,))


def _take_uploads(key: str) -> None:
    """Decode what arrived, then let the bytes go: only the decoded photos are kept."""
    received: list[UploadedFile] | UploadedFile | None = state.get(key, None)
    if not received:
        return
    files = received if isinstance(received, list) else [received]
    if len(files) > MAX_PHOTOS:
        sentence = f"{len(files)} files at once are too many: send at most {MAX_PHOTOS}."
        _report([_Problem("", sentence)])
    else:
        _keep([_decode(file) for file in files])
    _reset_uploader()


def _decode(file: UploadedFile) -> Photo | _Problem:
    if file.size > MAX_MEGABYTES << 20:  # the server's own limit is that of models
        return _Problem(file.name, f"The file is larger than {MAX_MEGABYTES} MB: shrink the photo.")
    try:
        return decode_image(file.getvalue())
    except ImageError as error:
        return _Problem(file.name, str(error))


def _keep(decoded: Sequence[Photo | _Problem]) -> None:
    photos = tuple(item for item in decoded if isinstance(item, Photo))
    _report([item for item in decoded if isinstance(item, _Problem)])
    if photos:
        state.put(_PHOTOS, photos)
        state.put(_CHOSEN, 0)


def _reset_uploader() -> None:
    # A widget with a new key starts empty, and Streamlit frees the old one's bytes.
    state.put(_GENERATION, state.get(_GENERATION, 0) + 1)


def _report(problems: Sequence[_Problem]) -> None:
    state.put(_PROBLEMS, tuple(problems))


def _draw_problems() -> None:
    problems: Sequence[_Problem] = state.get(_PROBLEMS, ())
    for problem in problems:
        st.warning(problem.sentence, icon="⚠️")
        if problem.file_name:
            st.text(f"File: {problem.file_name[:80]}")
    state.drop(_PROBLEMS)


def _select_own(photos: Sequence[Photo]) -> ChosenPhoto:
    state.leave_out("your own picture")
    index: int | None = 0
    if len(photos) > 1:
        index = st.pills(
            "Which of your photos",
            range(len(photos)),
            format_func=lambda position: f"Photo {position + 1}",
            key=_CHOSEN,
            required=True,
            persist_state="session",
            wrap=True,
        )
    photo = photos[index if index is not None and index < len(photos) else 0]
    caption = " ".join(("Your photo.", *photo.notes))
    return ChosenPhoto(photo, "", caption, "Your photo")
