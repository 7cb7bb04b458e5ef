"""A network before a picture: the sidebar's, or the one that this visitor uploaded."""

from __future__ import annotations

import numpy as np
import streamlit as st

from dashboard import cache, state
from dashboard.cache import ResultStore
from dashboard.inference.preprocessing import Pixels
from dashboard.inference.sight import Sight, see_zoo
from dashboard.uploads.labels import name_classes
from dashboard.uploads.model import UploadedModel
from dashboard.widgets.model_select import open_model
from dashboard.widgets.photo_input import ChosenPhoto

OWN = "own_network"


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


def see(model_name: str, own: UploadedModel | None, chosen: ChosenPhoto) -> Sight | None:
    """Return what a network makes of a photo; None, and a sentence, where it cannot be read.

    Raises:
        UploadError: the uploaded network fails on it.
    """
    pixels, key = chosen.photo.pixels, chosen.photo.sha256
    if own is not None:
        space = cache.get_own_space()
        # Figures name the classes: other names are another sight.
        name = f"{own.key} {hash(space.labels)}"
        return space.results.get_or_compute(
            (name, key, "sight"), lambda: _see_own(own, pixels, (name, key))
        )
    model = open_model(model_name)
    if model is None:
        return None
    return cache.get_results().get_or_compute(
        (model.sha256, key, "sight"), lambda: see_zoo(model, pixels, key)
    )


def get_store(sight: Sight) -> ResultStore:
    """Return where results are kept: a visitor's network has a store that ends with the visit."""
    return cache.get_own_space().results if sight.is_own else cache.get_results()


def _list_own_labels(n_classes: int) -> tuple[str, ...]:
    """Return the names of the uploaded network's classes that its page shows, else numbers."""
    named = cache.get_own_space().labels
    return named if len(named) == n_classes else tuple(name_classes(n_classes))


def _see_own(model: UploadedModel, pixels: Pixels, key: tuple[str, str]) -> Sight:
    spec = model.spec
    picture = np.ascontiguousarray(spec.crop_view(pixels))
    logits = model.predict(spec.normalize(picture[np.newaxis]))[0]
    return Sight(
        model=model,
        key=key,
        picture=picture,
        logits=logits,
        labels=_list_own_labels(len(logits)),
        normalize=spec.normalize,
        crop=spec.crop_view,
        is_light=False,
        is_own=True,
    )
