"""Methods marked on a network whose right answer is known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st
from PIL import Image

from dashboard.cache import get_store
from dashboard.channel_pictures import encode_url
from dashboard.faithfulness.curves import has_ranking
from dashboard.figures.map_sequence import Frame, MapSequence, Panel, draw_map_sequence
from dashboard.inference.counts import tell_share
from dashboard.inference.model import Floats
from dashboard.inference.sight import Sight
from dashboard.limits.known_answer import (
    SIDE,
    Mark,
    compute_truth,
    create_linear_model,
    mark_methods,
)
from dashboard.limits.maps import encode_heat
from dashboard.views.black_box.method_select import list_methods
from dashboard.widgets.on_demand import Move, compute_on_demand

Marks = tuple[MapSequence, tuple[Mark, ...], float]


def draw_known_answer(sight: Sight) -> None:
    """Draw what the linear model reads, every method's map of it, and the marks."""
    st.markdown(
        "Here the right answer is known: a network of one layer reads **two squares** of your "
        "picture (28 × 28, in grey), one speaks for its answer and one against, and it ignores all "
        "else. Does the map say so?"
    )
    marked = compute_on_demand(
        "known",
        sight.make_key("known"),
        "Mark every method",
        lambda move: _compute(sight, move),
        at_once=True,
        store=get_store(sight),
    )
    if marked is None:
        return
    sequence, marks, area = marked
    if not has_ranking(compute_truth(create_linear_model(), _shrink(sight))):
        st.info("Your picture is black where the model reads: the right answer is an empty map.")
    draw_map_sequence(sequence, "box.known")
    st.markdown(_tabulate(marks))
    st.caption(
        f"*Right*: rank correlation with weight × brightness, what each pixel truly adds (methods "
        f"without signs: its size). *Inside*: share of the map in the two squares; they cover "
        f"{tell_share(area)}. *After shuffling*: correlation with the map of the same model after "
        "its weights were dealt out anew; a map that follows them comes near 0."
    )


def _compute(sight: Sight, move: Move) -> Marks:
    inputs = _shrink(sight)
    model = create_linear_model()
    methods = [each for each in list_methods(sight) if each.is_compatible(model) is None]
    marks = tuple(mark_methods(inputs, methods, move))
    return _create_sequence(inputs, marks), marks, float((model.weights != 0).mean())


def _shrink(sight: Sight) -> Floats:
    """Return the picture as brightness (1, 1, SIDE, SIDE) in [0, 1]."""
    grey = Image.fromarray(sight.picture).convert("L").resize((SIDE, SIDE), Image.Resampling.BOX)
    return np.asarray(grey, dtype=np.float32)[np.newaxis, np.newaxis] / np.float32(255)


def _create_sequence(inputs: Floats, marks: Sequence[Mark]) -> MapSequence:
    levels = np.rint(255 * inputs[0, 0]).astype(np.uint8)
    photo = encode_url(np.repeat(levels[..., np.newaxis], 3, axis=2))
    truth = compute_truth(create_linear_model(), inputs)
    panels = [Panel("The right answer", [encode_heat(truth, True)])]
    panels += [
        Panel(mark.method.label, [encode_heat(mark.heat, mark.method.is_signed)]) for mark in marks
    ]
    return MapSequence(
        name="known",
        axis="",
        frames=[Frame("A model that reads two squares", "")],
        photos=[photo],
        panels=panels,
        is_small=True,
        signed=[True, *(mark.method.is_signed for mark in marks)],
    )


def _tabulate(marks: Sequence[Mark]) -> str:
    rows = [
        f"| {mark.method.label}{' (trivial)' if mark.method.is_baseline else ''} "
        f"| {_show(mark.correlation)} | {tell_share(mark.inside)} | {_show(mark.kept)} |"
        for mark in marks
    ]
    return "\n".join(["| Method | Right | Inside | After shuffling |", "|---|--:|--:|--:|", *rows])


def _show(value: float | None) -> str:
    return "flat" if value is None else f"{value:.2f}"
