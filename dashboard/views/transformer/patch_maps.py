"""A vision Transformer on a garment: attention rollout beside gradient x attention."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import streamlit as st
from PIL import Image

from dashboard import cache
from dashboard.attribution.base import Question
from dashboard.explanation.flow import gather_evidence
from dashboard.faithfulness.verdict import Verdict, judge_map
from dashboard.inference.counts import tell_share
from dashboard.inference.model import Floats
from dashboard.inference.preprocessing import Pixels
from dashboard.inference.samples import CLOTHING
from dashboard.inference.sessions import OnnxModel
from dashboard.inference.sight import Sight
from dashboard.inference.zoo import ZooError
from dashboard.overlays import compose_overlay, compute_scale, render_heat
from dashboard.sequences.patches import CENTER, RELEVANCE, ROLLOUT, compute_patch_maps
from dashboard.widgets.photo_input import select_photo
from dashboard.widgets.sight_select import see

NAME = "vit.fashion_mnist"
_TITLES = {
    ROLLOUT: "Attention rollout",
    RELEVANCE: "Gradient × attention",
    CENTER: "A spot in the middle (trivial)",
}
_SIDE = 224  # pixels a picture is shown at
_SEED = 0
_OPACITY = 0.75


@dataclass(frozen=True, eq=False)
class PatchFigure:
    """What is drawn of a picture: the answer, the maps over it, and the verdict on each."""

    target: int
    probability: float
    photo: Pixels
    overlays: Mapping[str, Pixels]
    verdicts: Mapping[str, Verdict]


def draw_patch_maps() -> None:
    """Draw the choice of a garment and the maps; one sentence where the network is missing."""
    try:
        model = cache.get_model(NAME)
    except ZooError as error:
        st.info(f"{error} `python -m export.train.vit` trains it.")
        return
    left, right = st.columns([1, 3], gap="large")
    with left:
        chosen = select_photo(CLOTHING)
        st.caption(chosen.caption)
    sight = see(model, chosen.photo)
    figure = cache.get_results().get_or_compute(
        sight.make_key("patch_maps"), lambda: create_patch_figure(model, sight)
    )
    with right:
        accuracy = model.card.metrics["accuracy"]
        st.markdown(
            f"The ViT says **{model.card.labels[figure.target]}** "
            f"({tell_share(figure.probability)}); it is right on {accuracy.value:.1f} % of "
            f"{accuracy.n:,} test pictures."
        )
        columns = st.columns(len(_TITLES))
        for column, (name, title) in zip(columns, _TITLES.items(), strict=True):
            caption = f"{title}: agreement **{figure.verdicts[name].score:+.2f}**"
            column.image(figure.overlays[name], width="stretch", caption=caption)
        st.caption(describe_verdicts(figure.verdicts))


def create_patch_figure(model: OnnxModel, sight: Sight) -> PatchFigure:
    """Compute the maps of one picture and how faithful each is."""
    inputs, target = sight.inputs, sight.target
    explained = model.explain(inputs, np.array([target], np.int64))
    details = model.card.details
    maps = compute_patch_maps(explained, int(details["grid"]), int(details["stride"]))
    evidence = gather_evidence(model, Question(inputs, target, None, _SEED))
    photo = _enlarge(sight.picture)
    return PatchFigure(
        target=target,
        probability=sight.compute_probability(target),
        photo=photo,
        overlays={name: _lay_over(photo, heat) for name, heat in maps.items()},
        verdicts={name: judge_map(evidence, heat, name) for name, heat in maps.items()},
    )


def describe_verdicts(verdicts: Mapping[str, Verdict]) -> str:
    """Return the sentences on what may be said of the two maps."""
    rule = (
        "Agreement: half of the garment is taken away, hundreds of times, and a map should "
        "foretell what the network loses (0 is ignorance, 1 the most)."
    )
    told = " ".join(f"**{_TITLES[name]}.** {verdicts[name].text}" for name in (ROLLOUT, RELEVANCE))
    return f"{rule} {told} Rollout knows nothing of the class: it is the same for any answer."


def _enlarge(pixels: Pixels, smooth: bool = False) -> Pixels:
    method = Image.Resampling.BILINEAR if smooth else Image.Resampling.NEAREST
    return np.asarray(Image.fromarray(pixels).resize((_SIDE, _SIDE), method))


def _lay_over(photo: Pixels, heat: Floats) -> Pixels:
    overlay = render_heat(heat, compute_scale(heat, False), False)
    return compose_overlay(photo, _enlarge(overlay, smooth=True), _OPACITY, True)
