"""Bring your own model: an ONNX classifier of the visitor's, explained like one of the zoo."""

from __future__ import annotations

import streamlit as st

from dashboard import cache, state
from dashboard.cache import OwnFile, OwnSpace
from dashboard.inference.counts import tell_count
from dashboard.uploads.model import UploadedModel
from dashboard.uploads.sandbox_wire import UploadError
from dashboard.views.base import View
from dashboard.views.explain.class_select import reset_classes_of_another
from dashboard.views.explain.explanation import draw_explanation
from dashboard.views.explain.prediction import draw_prediction
from dashboard.views.own_model.label_select import select_labels
from dashboard.views.own_model.settings import draw_findings, select_settings
from dashboard.views.own_model.upload import list_trial_photos, receive_model
from dashboard.widgets.photo_input import select_photo
from dashboard.widgets.sight_select import see

N_TRIALS = 3  # photos on which the gradient graph must agree with the network


def render(model_name: str) -> None:
    """Draw the page; the sidebar's model plays no part in it."""
    del model_name
    space = cache.get_own_space()
    upload = receive_model(space)
    if upload is None:
        _draw_terms()
        return
    state.leave_out("your own network")
    _draw_model(space, upload)


def _draw_terms() -> None:
    st.markdown(
        "- It is parsed and run only in a process of its own, with limits on memory, time and "
        "files, and is forgotten when you close the page. Nothing is written to a disk.\n"
        "- It must take one image and give one number a class. How it wants its pixels is found "
        "out by trying; you can correct everything.\n"
        "- PyTorch: `torch.onnx.export(model, example, 'model.onnx', external_data=False)`. "
        "TensorFlow and Keras: `python -m tf2onnx.convert`."
    )


def _draw_model(space: OwnSpace, upload: OwnFile) -> None:
    # Widgets of another file start anew.
    key = f"own.{upload.file.sha256[:12]}"
    with st.container(border=True):
        st.text(upload.name[:80])  # as plain text: it is the visitor's
        draw_findings(upload)
        spec, output = select_settings(upload, key)
        space.labels = select_labels(key, output.n_classes, upload.detected.labels)
        try:
            with st.spinner("Making its gradient graph …"):
                photos = [photo.pixels for photo in list_trial_photos()[:N_TRIALS]]
                model = space.get_model(spec, output, photos)
        except UploadError as error:
            st.error(f"{error} Change the settings, or upload another model.", icon="⚠️")
            return
        _draw_gradients(model)
    try:
        _draw_photo(upload, model)
    except UploadError as error:
        st.error(f"{error} What was computed before is kept: change a setting.", icon="⚠️")


def _draw_gradients(model: UploadedModel) -> None:
    if model.has_gradients:
        layer = "" if model.layers else " No layer fits Grad-CAM."
        st.markdown(f"**Gradients** work: every method can explain it.{layer}")
        return
    st.warning(
        f"Its gradient cannot be made. {model.missing_operator} "
        "Methods that need none still work: RISE, occlusion, KernelSHAP.",
        icon="⚠️",
    )


def _draw_photo(upload: OwnFile, model: UploadedModel) -> None:
    left, right = st.columns([5, 6], gap="large")
    with left:
        chosen = select_photo()
    reset_classes_of_another(f"{model.key} {chosen.photo.sha256}")
    sight = see(model, chosen.photo)
    with left:
        st.image(sight.picture, width=320)
        st.caption(chosen.caption)
    with right:
        draw_prediction(sight, _describe(upload, model))
    draw_explanation(sight, chosen)


def _describe(upload: OwnFile, model: UploadedModel) -> str:
    inspection = upload.file.inspection
    return (
        f"Your model: {inspection.n_parameters / 1e6:.2g} million parameters, "
        f"{tell_count(inspection.n_nodes, 'node')}, operator set "
        f"{inspection.opset}. Runs on {model.provider}."
    )


VIEW = View(
    slug="own-model",
    title="Bring your own model",
    icon="📦",
    help="Upload an ONNX image classifier, see how it wants its photos and what it rests on.",
    render=render,
    look_for="what your network rests on, by the graph that you ship. Its gradient is made from "
    "the ONNX file itself; no training code is needed.",
)
