"""What the pronouns stand for: the attention that answers, as bars beside that of the heads."""

from __future__ import annotations

import math
from collections.abc import Mapping

import streamlit as st

from dashboard.sequences.reading import Reading
from dashboard.views.transformer.charts import plot_answer


def draw_answers(readings: Mapping[str, Reading]) -> None:
    """Draw the attention that answers, beside that of the heads, where a resolver answered.

    ``readings`` by which sentence it is: "first", "second".
    """
    answers = [
        (which, reading, reading.resolved)
        for which, reading in readings.items()
        if reading.resolved is not None and reading.has_pronoun
    ]
    if not answers:
        return
    heads = math.prod(answers[0][2].attention.shape[:2])
    st.markdown("**What the pronoun stands for: the attention that answers, beside the heads**")
    for column, (which, reading, resolved) in zip(st.columns(2), answers, strict=False):
        with column:
            chart = plot_answer(resolved, reading.pieces.labels, f"The {which} sentence")
            st.vega_lite_chart(chart, width="stretch")
    st.caption(
        "The resolver's *pointer* compares one query, the pronoun's, with a key of every word; the "
        f"softmax of the products is its answer. Its {heads} heads come before: what they look at "
        "is mixed on the way, and is not what it answers."
    )
