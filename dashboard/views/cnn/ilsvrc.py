"""The contest that convolutional networks won: ImageNet, 2010 to 2017."""

from __future__ import annotations

import streamlit as st

from dashboard.views.cnn.charts import plot_contest
from dashboard.widgets.lesson import Quiz, ask


def draw_contest() -> None:
    """Draw the question, the winners' errors by year, and what is counted."""
    question = Quiz(
        key="cnn_2015",
        text="A trained person errs on 5.1 % of the contest's pictures. In which year did the "
        "winner first err less?",
        options=("2012", "2013", "2014", "2015"),
        right=3,
        reveal="ResNet, 3.6 %, the first bar wholly under the dashed line.",
    )
    with ask(question, "Top-5 error by year"):
        st.vega_lite_chart(plot_contest(), width="stretch")
    st.caption(
        "ImageNet contest (ILSVRC): share of test pictures whose class is not among a program's "
        "five best guesses, by the winner of each year. AlexNet's 15.3 % used extra pictures; "
        "without them 16.4 %. The person: one annotator, 1,500 pictures."
    )
