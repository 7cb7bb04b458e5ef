"""One unit of a network: which one, what excites it most, and a picture made for it."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import streamlit as st

from dashboard import cache
from dashboard.channel_pictures import resize_patch
from dashboard.features.feature_visualisation import N_STEPS, optimise_image
from dashboard.features.inside import name_stage
from dashboard.features.top_patches import Patch, Peaks, Views, cut_patches, find_peaks
from dashboard.figures.base import Control, Controls
from dashboard.inference.cards import Card
from dashboard.inference.inner import InnerModel
from dashboard.inference.model import Floats
from dashboard.inference.preprocessing import crop_view, normalize, to_pixels
from dashboard.inference.samples import CLOTHING, choose_subject, list_samples
from dashboard.inference.stages import Stage
from dashboard.parsing import parse_whole
from dashboard.widgets.on_demand import Move, compute_on_demand, compute_with_bar
from dashboard.widgets.option_select import select_option

LAYER, UNIT = "cnn.layer", "cnn.unit"
N_PATCHES = 6
_CHUNK = {True: 2, False: 100}  # photos, small pictures: at most 50 MB of maps at once
_LARGE = 64  # pixels a side


def bind_unit(stages: Sequence[Stage], best: int) -> tuple[int, int]:
    """Return the (layer, channel) of the link or of the reader; ``best`` of the last at first."""
    controls = create_unit(stages, best)
    layer = int(controls["layer"].bind())
    channels = parse_whole(0, stages[layer].channels - 1)
    return layer, int(replace(controls["unit"], parse=channels).bind())


def create_unit(stages: Sequence[Stage], best: int) -> Controls:
    """Return the controls of layer and channel for the figure, which may choose both at once."""
    last = len(stages) - 1
    layer = Control(LAYER, last, parse_whole(0, last))
    first = best if best < stages[layer.bind()].channels else 0
    most = max(stage.channels for stage in stages)
    return {"layer": layer, "unit": Control(UNIT, first, parse_whole(0, most - 1))}


def draw_unit(
    model: InnerModel, sha256: str, limits: tuple[Floats, Floats], unit: tuple[int, int]
) -> None:
    """Draw the choice of the unit, its strongest patches and its optimised picture."""
    stages, last = model.stages, model.stages[unit[0]].channels - 1
    left, middle, right = st.columns([3, 5, 3], gap="large")
    with left:
        select_option(
            LAYER,
            "Layer",
            len(stages) - 1,
            range(len(stages)),
            lambda index: name_stage(stages, index),
        )
        st.number_input(
            f"Channel, 0 to {last}",
            min_value=0,
            max_value=last,
            step=1,
            key=UNIT,
            persist_state="session",
            help="Or click a map above.",
        )
    with middle:
        _draw_patches(model, sha256, unit)
    with right:
        _draw_climb(model, sha256, limits, unit)


def _draw_patches(model: InnerModel, sha256: str, unit: tuple[int, int]) -> None:
    views, titles = _load_pictures(model.card)
    peaks = compute_with_bar(_make_key(sha256, "peaks"), lambda move: _search(model, views, move))
    patches = cut_patches(views, model.stages[unit[0]], peaks[unit[0]], unit[1], N_PATCHES)
    st.markdown(f"**What excites it most**, among {len(views):,} shipped pictures")
    if not patches:
        st.markdown("None: it stays silent on all of them.")
        return
    st.image(
        [resize_patch(patch.pixels) for patch in patches],
        caption=[_describe(patch, titles) for patch in patches],
        width=112,
    )


def _describe(patch: Patch, titles: Sequence[str]) -> str:
    return f"{titles[patch.index]}, {patch.value:.2f}"


def _search(model: InnerModel, views: Views, move: Move) -> tuple[Peaks, ...]:
    inputs = normalize(views, model.card)
    is_large = inputs.shape[2] > _LARGE
    return find_peaks(
        model, inputs, _CHUNK[is_large], partial(move, "Showing it all shipped pictures")
    )


def _make_key(*what: Hashable) -> Hashable:
    """Return what names a result about a network's units, whatever the reader's picture."""
    return ("cnn", *what)


def _load_pictures(card: Card) -> tuple[Views, Sequence[str]]:
    """Return the shipped pictures that suit a network, (N, H, W, 3), and what each shows."""

    def load() -> tuple[Views, Sequence[str]]:
        subject = choose_subject(card.name)
        if subject == CLOTHING:
            garments = cache.get_small_pictures()
            return garments.views, [card.labels[c] for c in garments.labels]
        samples = list_samples(subject)
        photos = [crop_view(cache.get_sample(each.name).pixels, card) for each in samples]
        return np.stack(photos), [each.title for each in samples]

    return cache.get_results().get_or_compute(_make_key(card.name, "pictures"), load)


def _draw_climb(
    model: InnerModel, sha256: str, limits: tuple[Floats, Floats], unit: tuple[int, int]
) -> None:
    st.markdown("**A picture made for it**, by climbing its gradient")
    climb = compute_on_demand(
        "climb",
        _make_key(sha256, "climb", *unit),
        "Make the picture",
        lambda move: optimise_image(model, *unit, limits, partial(move, "Climbing")),
    )
    if climb is None:
        return
    st.image(to_pixels(climb.image, limits)[0], width=200)
    st.caption(
        f"From grey noise in {N_STEPS} steps: the unit's mean rose from {climb.scores[0]:.2f} to "
        f"{climb.scores[-1]:.2f}."
    )
