"""The five families side by side: what each is for, what it costs, measured on this machine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from dashboard import cache, charts
from dashboard.families.costs import Cost, render_table
from dashboard.families.descriptions import DENOISER, FAMILIES, LSTM, TRANSFORMER, Family
from dashboard.families.examples import read_drawing
from dashboard.inference.latency import Latency, create_feed, measure_latency
from dashboard.views.base import PERCEIVE, View
from dashboard.views.families.examples import draw_examples, make_key
from dashboard.widgets.lesson import Quiz, Source, ask
from dashboard.widgets.measured import Measured, draw_moment, get_turn, measure

TIMES = "families"
WORDS = 20  # the length at which the cards' multiply-accumulates were counted: a sentence
SECONDS_A_NETWORK = 0.4
_STYLE = (Path(__file__).parent / "table.css").read_text(encoding="utf-8")

THEORY = f"""
A **parameter** is a number that training sets. A **MAC** (multiply-accumulate) is the unit of work
of one pass through the network, counted in its ONNX graph: for a text of {WORDS} words, for one
picture. A diffusion picture takes many passes, and its row counts all of them. **Time** is measured
on the machine that serves this page: the median of many passes with its 95 % interval; diffusion's
is one pass times the passes. **Energy** is what training took, an estimate with its bounds (2 and
20 W a busy core), from the networks' cards.

These are small networks for different tasks: the table tells what these five cost, not which family
is best. On film reviews, word counts without any network do better than both text networks here;
their own pages show it.
"""

SOURCES = (
    Source("LeCun et al. 1998 (CNN)", "https://doi.org/10.1109/5.726791"),
    Source("Hochreiter & Schmidhuber 1997 (LSTM)", "https://doi.org/10.1162/neco.1997.9.8.1735"),
    Source("Vaswani et al. 2017 (Transformer)", "https://arxiv.org/abs/1706.03762"),
    Source("Goodfellow et al. 2014 (GAN)", "https://arxiv.org/abs/1406.2661"),
    Source("Ho et al. 2020 (diffusion)", "https://arxiv.org/abs/2006.11239"),
    Source("Song et al. 2021 (DDIM)", "https://arxiv.org/abs/2010.02502"),
)


def render(model_name: str) -> None:
    """Draw the page."""
    del model_name  # this page is about all of them
    draw_examples(FAMILIES)
    timed = [_time(family) for family in FAMILIES]
    st.subheader("What an answer costs")
    costs = [_count(*each) for each in zip(FAMILIES, timed, strict=True)]
    st.html(f"<style>{_STYLE}</style>{render_table(costs)}")
    draw_moment(TIMES, timed[0].moment)
    _ask(costs)


def _time(family: Family) -> Measured[Latency]:
    graph = cache.get_graph(family.model)

    def compute() -> Measured[Latency]:
        with st.spinner(f"Measuring {family.name} on this machine …"):
            feed = create_feed(graph.spec, {"T": WORDS})
            return measure(lambda: measure_latency(lambda: graph.run(feed), SECONDS_A_NETWORK))

    key = make_key("latency", family.model, get_turn(TIMES))
    return cache.get_results().get_or_compute(key, compute)


def _count(family: Family, timed: Measured[Latency]) -> Cost:
    graph = cache.get_graph(family.model)
    passes, counted = 1, "one picture"
    if family.model in (LSTM, TRANSFORMER):
        counted = f"{WORDS} words"
    if family.model == DENOISER:
        drawing = read_drawing(graph.card.details)
        passes = drawing.passes
        counted = f"one picture: {drawing.steps} steps, {passes} passes"
    return Cost(family, graph.card, timed.value, passes, counted)


def create_question(costs: Sequence[Cost]) -> Quiz:
    """Return the question on how often a parameter is used; what is right was counted."""
    least, most = (choose(costs, key=lambda cost: cost.uses) for choose in (min, max))
    return Quiz(
        key="families_uses",
        text="For one answer, which of these networks multiplies by each of its parameters most "
        "often?",
        options=tuple(cost.family.name for cost in costs),
        right=costs.index(most),
        reveal=f"Counted: {most.uses:,.0f} times on average, against {least.uses:,.2g} times of "
        f"{least.family.name}. A filter is used at every place, and a loop uses all of it again at "
        "every step. Time follows work only roughly: the chart below shows how far.",
    )


def _ask(costs: Sequence[Cost]) -> None:
    question = create_question(costs)
    with ask(question, "Time against work"):
        points = [(cost.family.name, cost.macs, cost.answer) for cost in costs]
        st.vega_lite_chart(charts.plot_latency(points), width="stretch")


VIEW = View(
    slug="families",
    title="Families side by side",
    icon="🧭",
    help="The five families of networks: what each is for, and what it costs.",
    render=render,
    look_for="which ones must work step after step, and what an answer then costs.",
    heading="Five families side by side",
    theory=THEORY,
    sources=SOURCES,
    theory_title="What is counted, and how",
    group=PERCEIVE,
    has_model=False,
)
