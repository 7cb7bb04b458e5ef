"""What a network says of a photo: its likeliest classes."""

from __future__ import annotations

import streamlit as st

from dashboard import charts
from dashboard.views.explain.explanation import Scene

N_TOP = 5


def draw_prediction(scene: Scene, caption: str) -> None:
    """Draw the likeliest class, the next ones, and ``caption`` on the network."""
    top = [scene.describe_class(index) for index in scene.ranking[:N_TOP]]
    st.markdown(f"#### {_capitalize(top[0].label)}, says the network ({top[0].probability:.0%})")
    chart = charts.plot_top_classes(
        [each.label for each in top], [each.probability for each in top], 0
    )
    st.vega_lite_chart(chart, width="stretch")
    st.caption(caption)


def _capitalize(label: str) -> str:
    return label[:1].upper() + label[1:]  # str.capitalize would write "Egyptian mau"
