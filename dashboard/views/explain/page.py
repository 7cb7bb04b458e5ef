"""Explain a photo: what a network predicts, what the prediction rests on, whether to believe it."""

from __future__ import annotations

import streamlit as st

from dashboard.inference.samples import choose_subject
from dashboard.inference.sessions import OnnxModel
from dashboard.views.base import View
from dashboard.views.explain.class_select import reset_classes_of_another
from dashboard.views.explain.explanation import draw_explanation
from dashboard.views.explain.prediction import draw_prediction
from dashboard.widgets.model_select import open_model
from dashboard.widgets.photo_input import select_photo
from dashboard.widgets.sight_select import see


def render(model_name: str) -> None:
    """Draw the page."""
    left, right = st.columns([5, 6], gap="large")
    with left:
        chosen = select_photo(choose_subject(model_name))
    model = open_model(model_name)
    reset_classes_of_another(chosen.photo.sha256)
    sight = see(model, chosen.photo)
    with left:
        st.image(sight.picture, width=320)
        st.caption(chosen.caption)
    with right:
        draw_prediction(sight, _describe(model))
    draw_explanation(sight, chosen)


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
    look_for="does the map light up what *you* would point at, and does it beat a map that knows "
    "nothing of the network?",
)
