"""Attention beside gradients beside an experiment: draws what ``word_evidence`` computed."""

from __future__ import annotations

import math

import streamlit as st

from dashboard.sequences.reading import escape
from dashboard.sequences.word_evidence import (
    ATTENTION,
    EXPERIMENT,
    GRADIENT,
    TRIVIAL,
    Evidence,
    compute_chance,
    compute_rank_correlation,
    find_disagreement,
)
from dashboard.views.transformer.charts import TITLES, plot_evidence
from dashboard.widgets.lesson import Quiz, ask

_NEITHER = "neither: no better than a random order"


def draw_evidence(evidence: Evidence, labels: tuple[str, ...], identity: str) -> None:
    """Ask which order foresees the experiment, then draw it; ``labels`` are all pieces."""
    found = {
        name: compute_rank_correlation(evidence.sizes[name], evidence.sizes[EXPERIMENT])
        for name in (ATTENTION, GRADIENT, TRIVIAL)
    }
    if any(math.isnan(found[name]) for name in (ATTENTION, GRADIENT)):
        st.info("To compare orders of words takes at least four words that matter: write more.")
        return
    chance = compute_chance(len(evidence.places))
    options = (TITLES[ATTENTION], TITLES[GRADIENT], _NEITHER)
    question = Quiz(
        key=f"evidence_{identity}",
        text=f"Take each word away in turn and watch the {evidence.what}. Whose order of words "
        "foresees best what that does?",
        options=options,
        right=_find_right(found[ATTENTION], found[GRADIENT], chance),
        reveal=f"Rank correlation with the experiment: attention {found[ATTENTION]:+.2f}, gradient "
        f"× input {found[GRADIENT]:+.2f}, the trivial order ({evidence.trivial}) "
        f"{_say(found[TRIVIAL])}; one random order in twenty reaches {chance:.2f}.",
    )
    with ask(question, "The measurement"):
        st.vega_lite_chart(plot_evidence(evidence, labels), width="stretch")
        st.markdown(_describe(evidence, labels, found, chance))


def _find_right(attention: float, gradient: float, chance: float) -> int:
    if max(attention, gradient) < chance:
        return 2
    return 0 if attention >= gradient else 1


def _say(value: float) -> str:
    return "has no order here" if math.isnan(value) else f"{value:+.2f}"


def _describe(
    evidence: Evidence, labels: tuple[str, ...], found: dict[str, float], chance: float
) -> str:
    between = compute_rank_correlation(evidence.sizes[ATTENTION], evidence.sizes[GRADIENT])
    place, by_attention, by_gradient = find_disagreement(evidence)
    best = max((ATTENTION, GRADIENT), key=lambda name: found[name])
    is_trivial_better = not math.isnan(found[TRIVIAL]) and found[TRIVIAL] >= found[best]
    verdict = (
        f"The trivial order ({evidence.trivial}) does as well as either: do not trust these maps "
        "here."
        if is_trivial_better
        else f"The trivial order ({evidence.trivial}) reaches {_say(found[TRIVIAL])}."
    )
    return (
        f"Score: {evidence.what}, {evidence.start:.2f} with all words. Rank correlation (1 the "
        f"same order, 0 none, −1 reversed) over {len(evidence.places)} word pieces: attention with "
        f"gradient × input **{between:+.2f}**, attention with the experiment "
        f"**{found[ATTENTION]:+.2f}**, gradient × input with it **{found[GRADIENT]:+.2f}**; one "
        f"random order in twenty reaches {chance:.2f}. {verdict} They differ most on "
        f"“{escape(labels[place])}”: attention ranks it {by_attention}, the gradient "
        f"{by_gradient}. Attention is the rollout over all layers (Abnar & Zuidema 2020); sizes "
        "are taken without their sign."
    )
