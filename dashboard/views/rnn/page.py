"""RNN and LSTM, memory: what two networks keep in mind while they read the reader's text."""

from __future__ import annotations

import math
from collections.abc import Mapping

import streamlit as st

from dashboard import cache
from dashboard.inference.cards import ModelCard
from dashboard.views.base import PERCEIVE, View
from dashboard.views.rnn.charts import plot_over_distance
from dashboard.views.rnn.memory_text import LSTM, RNN, draw_text
from dashboard.views.rnn.recall_game import draw_recall
from dashboard.widgets.lesson import Quiz, Source, ask

FAR = 32  # words back

THEORY = r"""
**A vanilla RNN** reads one word after another into a state: $h_t = \tanh(W x_t + U h_{t-1} + b)$.
To learn from a word $k$ steps back, the error passes through $k$ such steps, each a product with
$U$ and a slope of at most 1: it fades, or explodes.

**An LSTM** has a memory cell beside the state, changed by addition:
$c_t = f_t \odot c_{t-1} + i_t \odot g_t$ and $h_t = o_t \odot \tanh c_t$. The *forget gate* $f_t$,
the *input gate* $i_t$ and the *output gate* $o_t$ are between 0 and 1 and computed from $x_t$ and
$h_{t-1}$; $g_t$ is the *candidate*. Where $f_t$ is near 1, the error passes back nearly unchanged.

**The verdict** of both networks is the mean over the states so far, which is what lets the RNN do
well on reviews although its memory is short: words count when they are read, and the mean
remembers. **The shares** are those of the score of praise less that of blame: gradient × input,
integrated gradients from no words at all, or the word taken away.
"""

SOURCES = (
    Source("Elman 1990", "https://doi.org/10.1207/s15516709cog1402_1"),
    Source("Hochreiter & Schmidhuber 1997 (LSTM)", "https://doi.org/10.1162/neco.1997.9.8.1735"),
    Source("Gers et al. 2000 (forget gate)", "https://doi.org/10.1162/089976600300015015"),
    Source("Bengio et al. 1994 (fading gradients)", "https://doi.org/10.1109/72.279181"),
    Source("Saxe et al. 2014 (rotations to start from)", "https://arxiv.org/abs/1312.6120"),
    Source("Tallec & Ollivier 2018 (open gates)", "https://arxiv.org/abs/1804.11188"),
    Source("Sundararajan et al. 2017 (integrated gradients)", "https://arxiv.org/abs/1703.01365"),
    Source("Maas et al. 2011 (IMDB reviews)", "https://aclanthology.org/P11-1015/"),
)


def render(model_name: str) -> None:
    """Draw the page; its networks read words, whatever the sidebar says."""
    del model_name
    draw_text()
    cards = {"Vanilla RNN": cache.get_model_card(RNN), "LSTM": cache.get_model_card(LSTM)}
    _draw_accuracy(cards)
    st.subheader("How far back does the signal reach?")
    _draw_fading(cards)
    st.subheader("Pure memory: which letter came first?")
    draw_recall()


def _draw_accuracy(cards: Mapping[str, ModelCard]) -> None:
    told = ", ".join(
        f"{name} **{card.metrics['accuracy'].value:.1f} %** (95 % interval "
        f"{card.metrics['accuracy'].low:.1f} to {card.metrics['accuracy'].high:.1f})"
        for name, card in cards.items()
    )
    card = next(iter(cards.values()))
    st.markdown(
        f"**How far to trust them:** on {card.metrics['accuracy'].n:,} reviews they never saw, "
        f"{told}. Counting words and word pairs, without any memory (TF-IDF with logistic "
        f"regression), reaches **{card.metrics['baseline'].value:.1f} %**: better than both."
    )


def _draw_fading(cards: Mapping[str, ModelCard]) -> None:
    lines = {name: read_fading(card) for name, card in cards.items()}
    question = create_question(lines)
    with ask(question, "The measurement"):
        st.vega_lite_chart(
            plot_over_distance(lines, "words back", "norm of the gradient", is_logarithmic=True),
            width="stretch",
        )
        count = next(iter(cards.values())).details["gradient_by_distance"]["n"]
        st.caption(
            "The norm of the gradient of the last state's score by the word so many words back, "
            f"mean of {count} held-out reviews, from the cards: what a word so far back could have "
            "taught the network through its memory alone. Norms under 1e-12 are drawn there."
        )


def read_fading(card: ModelCard) -> dict[int, float]:
    """Return the card's norm of the gradient by distance in words."""
    mean = card.details["gradient_by_distance"]["mean"]
    return {int(distance): float(norm) for distance, norm in mean.items()}


def create_question(lines: Mapping[str, Mapping[int, float]]) -> Quiz:
    """Return the question on how much of the signal is left; what is right was measured."""
    left = {name: line[FAR] / line[1] for name, line in lines.items()}
    shares = (0.3, 0.03, 0.0003)
    rnn = left["Vanilla RNN"]
    return Quiz(
        key="memory_fading",
        text="A word just read moves the vanilla RNN's state with some strength. Of that strength, "
        f"how much has a word {FAR} words back?",
        options=("about a third", "about a thirtieth", "less than a thousandth"),
        right=min(range(3), key=lambda i: abs(_log(shares[i]) - _log(rnn))),
        reveal=", ".join(f"{name}: one {1 / share:,.0f}th" for name, share in left.items())
        + " is left. Here gates slow the fading. Where training has opened them they can end it: "
        "in the recall below, the trained LSTM's gradient is as strong from 256 letters back as "
        "from 64.",
    )


def _log(value: float) -> float:
    return math.log(max(value, 1e-12))


VIEW = View(
    slug="rnn",
    title="RNN and LSTM, memory",
    icon="🧵",
    help="What recurrent networks keep in mind, word by word, on your own text.",
    render=render,
    look_for="the verdict after every word. Scrub through the text: the vanilla RNN's state is "
    "written anew each time, the LSTM's memory cells hold on.",
    theory=THEORY,
    sources=SOURCES,
    group=PERCEIVE,
    has_model=False,
)
