"""Transformer, attention: which words a word looks at, and what that is worth."""

from __future__ import annotations

import streamlit as st

from dashboard import cache
from dashboard.inference.heads import count_chain_of
from dashboard.inference.zoo import ZooError
from dashboard.sequences.lecture_table import LONG, create_rows, find_fastest, render_markdown
from dashboard.views.base import PERCEIVE, View
from dashboard.views.transformer.networks import make_key
from dashboard.views.transformer.patch_maps import draw_patch_maps
from dashboard.views.transformer.sentences import draw_sentences
from dashboard.views.transformer.text import SOURCES, THEORY
from dashboard.widgets.lesson import Quiz, ask

COLUMNS = {"rnn": "RNN", "lstm": "LSTM", "transformer": "Transformer"}


def render(model_name: str) -> None:
    """Draw the page; it has networks of its own."""
    del model_name
    draw_sentences()
    st.subheader("The same on a picture: patches look at patches")
    draw_patch_maps()
    st.subheader("RNN or Transformer?")
    _draw_table()


def _draw_table() -> None:
    try:
        recall = [cache.get_model_card(f"{name}.recall") for name in COLUMNS]
        reviews = [cache.get_model_card(f"{name}.imdb") for name in COLUMNS]
        chains = cache.get_results().get_or_compute(
            make_key("chains"),
            lambda: [count_chain_of(cache.ZOO / card.name, int(LONG)) for card in recall],
        )
    except ZooError as error:
        st.info(f"{error} Without it there is nothing to compare.")
        return
    rows = create_rows(recall, reviews, chains)
    fastest = find_fastest(dict(zip(COLUMNS, recall, strict=True)))
    cells = next(row.cells for row in rows if row.title.endswith(f"{LONG} letters"))
    question = Quiz(
        key="transformer_speed",
        text=f"Three networks of one size learn to recall the first of {LONG} letters, on two "
        "processor cores. Which gets through most letters a second in training?",
        options=tuple(COLUMNS.values()),
        right=list(COLUMNS).index(fastest),
        reveal="Measured: "
        + ", ".join(f"{name} {cell}" for name, cell in zip(COLUMNS.values(), cells, strict=True))
        + f". The Transformer has {chains[-1]} products in a row instead of {chains[0]}, but every "
        "letter looks at every other: its work grows with the square of the length, and two cores "
        "cannot do it at once. On hardware that can it was built to pay (Vaswani et al. 2017); "
        "that is not measured here.",
    )
    with ask(question, "The table, every cell measured"):
        st.markdown(render_markdown(list(COLUMNS.values()), rows))
        st.caption(
            "Can hold, hard to learn: each of the three can carry a letter over the whole row, yet "
            "from these first weights, and without short rows to lead the way, only the one "
            "that looks back directly learns to. Started with its gates open, the LSTM does too: "
            "*RNN and LSTM, memory*."
        )


VIEW = View(
    slug="transformer",
    title="Transformer, attention",
    icon="🔦",
    help="Which words look at which, head by head, and whether that explains anything.",
    render=render,
    look_for="only the last word differs, yet “it” means the animal in one sentence and the street "
    "in the other. The pointer's attention is the answer; leaf through the heads before it: does "
    "“it” look at the right one?",
    theory=THEORY,
    sources=SOURCES,
    group=PERCEIVE,
    has_model=False,
)
