"""Which network: the sidebar's choice, shared by all pages."""

from __future__ import annotations

import streamlit as st

from dashboard import cache
from dashboard.inference.sessions import OnnxModel
from dashboard.inference.zoo import IMAGE_CLASSIFICATION, ZooError
from dashboard.widgets.option_select import select_option

KEY = "model"


def select_model() -> str:
    """Draw the choice of the network and return its name in the zoo ("" where none can be read)."""
    entries = cache.get_zoo()
    for entry in entries:
        if entry.error is not None:
            st.error(entry.error, icon="⚠️")
    classifiers = [e for e in entries if e.error is None and e.task == IMAGE_CLASSIFICATION]
    # Networks for photos come first: the first of all is what a new visitor sees.
    classifiers.sort(key=lambda entry: cache.get_card(entry.name).input.channels, reverse=True)
    titles = {entry.name: entry.title for entry in classifiers}
    if not titles:
        return ""
    names = tuple(titles)
    return select_option(
        KEY,
        "Network",
        names[0],
        names,
        titles.__getitem__,
        help="The trained network that looks at your photo. It runs as an ONNX graph.",
    )


def open_model(model_name: str) -> OnnxModel:
    """Return the chosen network.

    Raises:
        ZooError: it cannot be read.
    """
    if not model_name:
        raise ZooError("No network could be read from models/zoo: restore it with `git checkout`.")
    try:
        return cache.get_model(model_name)
    except ZooError as error:
        raise ZooError(f"{error} The other networks in the sidebar still work.") from error
