"""What a network says of a photo: its likeliest classes."""

from __future__ import annotations

import streamlit as st

from dashboard import charts
from dashboard.inference.counts import tell_share
from dashboard.inference.sight import Sight

N_TOP = 5


def draw_prediction(sight: Sight, caption: str) -> None:
    """Draw the likeliest class, the next ones, and ``caption`` on the network."""
    top = sight.ranking[:N_TOP]
    st.markdown(
        f"#### {_capitalize(sight.labels[top[0]])}, says the network "
        f"({tell_share(sight.compute_probability(top[0]))})"
    )
    chart = charts.plot_top_classes(
        [sight.labels[index] for index in top], [sight.compute_probability(i) for i in top], 0
    )
    st.vega_lite_chart(chart, width="stretch")
    st.caption(caption)


def _capitalize(label: str) -> str:
    return label[:1].upper() + label[1:]  # str.capitalize would write "Egyptian mau"
