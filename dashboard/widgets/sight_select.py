"""A network before a picture: the sidebar's, or the one that this visitor uploaded."""

from __future__ import annotations

from typing import NamedTuple

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard import cache, state
from dashboard.channel_pictures import encode_url
from dashboard.inference.images import Photo
from dashboard.inference.samples import choose_subject
from dashboard.inference.sessions import OnnxModel
from dashboard.inference.sight import Sight, make_sight_key, see_zoo
from dashboard.uploads.labels import name_classes
from dashboard.uploads.model import UploadedModel
from dashboard.uploads.sight import see_upload
from dashboard.widgets.model_select import open_model
from dashboard.widgets.photo_input import ChosenPhoto, select_photo

OWN = "own_network"


class OpenedSight(NamedTuple):
    """What a page is about, and the columns of its opening: controls left, what they show right."""

    sight: Sight
    chosen: ChosenPhoto
    left: DeltaGenerator
    right: DeltaGenerator


def open_sight(model_name: str) -> OpenedSight:
    """Draw the choice of a photo and of the own network beside the sidebar's; look at the photo.

    Raises:
        ZooError: the sidebar's network cannot be read.
        UploadError: the uploaded network fails on the photo.
    """
    left, right = st.columns([1, 2], gap="large")
    with left:
        own = select_own()
        chosen = select_photo(choose_subject(model_name))
    return OpenedSight(see(own or open_model(model_name), chosen.photo), chosen, left, right)


def select_own() -> UploadedModel | None:
    """Offer the network that this visitor uploaded on its own page, where there is one."""
    model = cache.get_own_space().model
    if model is None:
        return None
    is_own = st.segmented_control(
        "Network",
        (False, True),
        default=False,
        format_func=lambda own: "Your upload" if own else "The sidebar's",
        key=OWN,
        persist_state="session",
        required=True,
    )
    if not is_own:
        return None
    state.leave_out("your own network")
    return model


def see(model: OnnxModel | UploadedModel, photo: Photo) -> Sight:
    """Return what a network makes of a photo, looked at once.

    Raises:
        UploadError: the uploaded network fails on it.
    """
    if isinstance(model, OnnxModel):
        return cache.get_results().get_or_compute(
            make_sight_key(model.sha256, photo.sha256, model.card.labels),
            lambda: see_zoo(model, photo),
        )
    labels = _list_own_labels(model.output.n_classes)
    return cache.get_own_space().results.get_or_compute(
        make_sight_key(model.key, photo.sha256, labels), lambda: see_upload(model, photo, labels)
    )


def encode_picture(sight: Sight) -> str:
    """Return what the network sees as a data URL."""
    return cache.get_store(sight).get_or_compute(
        sight.make_nameless_key("picture"), lambda: encode_url(sight.picture)
    )


def _list_own_labels(n_classes: int) -> tuple[str, ...]:
    """Return the names of the uploaded network's classes that its page shows, else numbers."""
    named = cache.get_own_space().labels
    return named if len(named) == n_classes else tuple(name_classes(n_classes))
