"""Explain a photo: what a network predicts, what the prediction rests on, whether to believe it."""

from __future__ import annotations

import streamlit as st

from dashboard import cache
from dashboard.explanation.flow import Subject
from dashboard.explanation.report import ModelFacts, PhotoFacts
from dashboard.inference.images import Photo
from dashboard.inference.model import Floats
from dashboard.inference.preprocessing import Pixels, crop_view, preprocess
from dashboard.inference.samples import choose_subject
from dashboard.inference.sessions import OnnxModel
from dashboard.views.base import View
from dashboard.views.explain.class_select import reset_classes_of_another
from dashboard.views.explain.explanation import Scene, draw_explanation
from dashboard.views.explain.prediction import draw_prediction
from dashboard.widgets.model_select import open_model
from dashboard.widgets.photo_input import ChosenPhoto, select_photo


def render(model_name: str) -> None:
    """Draw the page."""
    st.title("Explain a photo")
    st.markdown(
        "**Look for this:** does the map light up what *you* would point at, "
        "and does it beat a map that knows nothing of the network?"
    )
    model = open_model(model_name)
    left, right = st.columns([5, 6], gap="large")
    with left:
        chosen = select_photo(choose_subject(model_name))
    if model is None:
        return
    reset_classes_of_another(chosen.photo.sha256)
    scene = _set_scene(model, chosen)
    with left:
        st.image(scene.picture, width=320)
        st.caption(chosen.caption)
    with right:
        draw_prediction(scene, _describe(model))
    draw_explanation(scene, cache.get_results())


def _set_scene(model: OnnxModel, chosen: ChosenPhoto) -> Scene:
    card, photo = model.card, chosen.photo
    picture, inputs, logits = cache.get_results().get_or_compute(
        (model.sha256, photo.sha256, "seen"), lambda: _look(model, photo)
    )
    height, width = photo.pixels.shape[:2]
    return Scene(
        subject=Subject(model, model.sha256, photo.sha256),
        labels=card.labels,
        inputs=inputs,
        picture=picture,
        logits=logits,
        photo=PhotoFacts(photo.sha256, width, height, name=chosen.sample),
        network=ModelFacts(card.name, card.title, card.files, model.provider),
    )


def _look(model: OnnxModel, photo: Photo) -> tuple[Pixels, Floats, Floats]:
    """Return the photo as the network sees it, (H, W, 3) and (1, C, H, W), and its logits (K,)."""
    inputs = preprocess(photo.pixels, model.card)
    return crop_view(photo.pixels, model.card), inputs, model.predict(inputs)[0]


def _describe(model: OnnxModel) -> str:
    card = model.card
    limits = card.limits or (
        f"It can only answer with one of its {len(card.labels):,} classes, also where none fits."
    )
    return (
        f"{card.title}: {card.parameters / 1e6:.1f} million parameters, "
        f"{card.macs / 1e6:.0f} million multiplications a photo. Runs on {model.provider}. {limits}"
    )


VIEW = View(
    slug="explain",
    title="Explain a photo",
    icon="🖼️",
    help="Upload a photo, see what a network predicts and what the prediction rests on.",
    render=render,
)
