"""How few channels suffice for an answer, beside a network that has learnt nothing."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import streamlit as st

from dashboard import cache
from dashboard.features.channels import (
    Survival,
    compute_survival,
    count_sufficient,
    find_hardiest,
    measure_own_answer,
)
from dashboard.features.inside import Inside, name_stage
from dashboard.inference.counts import tell_count, tell_share
from dashboard.inference.inner import InnerModel
from dashboard.inference.sight import Sight
from dashboard.views.cnn.charts import plot_survival
from dashboard.widgets.lesson import Quiz, ask, is_answered
from dashboard.widgets.on_demand import compute_on_demand, compute_with_bar


def draw_evidence(name: str, inner: InnerModel, sight: Sight, inside: Inside) -> None:
    """Draw the question, and a trained network beside a shuffled one."""
    curves = compute_with_bar(
        sight.make_nameless_key("cnn", "survival"),
        lambda move: compute_survival(
            inner,
            sight.inputs,
            sight.target,
            inside.contributions,
            partial(move, "Silencing channels"),
        ),
    )
    titles = [name_stage(inner.stages, curve.stage) for curve in curves]
    question = create_evidence_question(f"cnn_evidence_{sight.identity}", curves, titles)
    with ask(question, "The measurement, and the same on a network that learnt nothing"):
        found = compute_on_demand(
            "channels_control",
            sight.make_nameless_key("cnn", "control"),
            "Ask a network with shuffled weights the same",
            lambda move: measure_own_answer(
                cache.get_shuffled_inner_model(name),
                sight.inputs,
                partial(move, "Silencing channels of the shuffled network"),
            ),
            at_once=sight.is_small or is_answered(question),
        )
        left, right = st.columns(2, gap="large")
        with left:
            _draw_curves("Trained", sight.labels[sight.target], curves, titles)
        if found is None:
            return
        answer, control = found
        with right:
            _draw_curves("Weights shuffled", sight.labels[answer], control, titles)
        st.markdown(tabulate_survival(curves, control, titles))
        st.markdown(say_what_it_shows(curves, control, titles))


def _draw_curves(
    network: str, label: str, curves: Sequence[Survival], titles: Sequence[str]
) -> None:
    st.markdown(f"**{network}**, its answer: {label} ({tell_share(curves[0].best[-1])})")
    st.vega_lite_chart(plot_survival(curves, titles, network), width="stretch")


def create_evidence_question(key: str, curves: Sequence[Survival], titles: Sequence[str]) -> Quiz:
    """Return the question in which layer an answer survives best; the curves answer it."""
    told = ", ".join(
        f"{title}: {tell_share(curve.left)}" for title, curve in zip(titles, curves, strict=True)
    )
    return Quiz(
        key=key,
        text="Only one channel in 32 (at least one) may speak, those that matter most to the "
        "answer; all others of the layer are set to zero. In which layer does the answer survive "
        "best?",
        options=tuple(titles),
        right=find_hardiest(curves),
        reveal=f"Left of the whole probability: {told}. It is where the lines below start. Whether "
        "that says anything about what the channels stand for, the network beside it tells.",
    )


def tabulate_survival(
    trained: Sequence[Survival], shuffled: Sequence[Survival], titles: Sequence[str]
) -> str:
    """Return both networks layer by layer as a markdown table."""
    lines = [
        "| Layer | kept | trained: left | at random | half needs | shuffled: left | at random "
        "| half needs |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for title, one, other in zip(titles, trained, shuffled, strict=True):
        cells = [
            cell
            for each in (one, other)
            for cell in (tell_share(each.left), tell_share(each.left_random), _tell_needed(each))
        ]
        kept = f"{one.kept[0]} of {one.channels:,} ({tell_share(one.kept[0] / one.channels)})"
        lines.append(f"| {title} | {kept} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _tell_needed(curve: Survival) -> str:
    count = count_sufficient(curve)
    return f"{count:,} ({tell_share(count / curve.channels)})"


def say_what_it_shows(
    trained: Sequence[Survival], shuffled: Sequence[Survival], titles: Sequence[str]
) -> str:
    """Return what the two networks beside each other show, and what they do not."""
    own, other = find_hardiest(trained), find_hardiest(shuffled)
    same = (
        f"The answer survives best in **{titles[own]}**, and so it does in the network with "
        "shuffled weights, which has learnt nothing. So this is **no evidence that late channels "
        "stand for parts or objects**"
        if own == other
        else f"The answer survives best in **{titles[own]}**; with shuffled weights, in "
        f"**{titles[other]}**. One picture and one shuffle are no proof that late channels stand "
        "for parts or objects"
    )
    last = trained[-1]
    return (
        f"{same}: after the last layer come only a mean and a sum, of which few large terms "
        "suffice in any network, and after an early one come many layers that have never seen most "
        "channels silent. What it does show: *which* channels are kept matters. In the last layer "
        f"{tell_share(last.left)} of the probability are left with the "
        f"{tell_count(last.kept[0], 'channel')} of the largest contribution, "
        f"{tell_share(last.left_random)} with as many at random. Dashed: drawn at random. *Left*: "
        "the share of the whole probability that stays when only the channels kept may speak. "
        "*Half needs*: channels from which on half of the probability survives (of the numbers "
        "tried). More than 100 % can be left, since silenced channels may have spoken against the "
        "answer."
    )
