"""One head of attention opened, with its real numbers and a temperature; see head_player.js."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

_HERE = Path(__file__).parent

_component = st.components.v2.component(
    "glass_box_head_player",
    html='<div class="head"></div>\n<!-- filled by head_player.js -->',
    css=(_HERE / "head_player.css").read_text(encoding="utf-8"),
    js=(_HERE / "head_player.js").read_text(encoding="utf-8"),
)

N_TEMPERATURES = 41  # from 0.1 to 10, as in head_player.js

Numbers = Sequence[Sequence[float]]


@dataclass(frozen=True)
class OpenedHead:
    """A head on one sentence: queries, keys and values (T, d), the attention (T, T) it made."""

    title: str
    labels: Sequence[str]
    looks_from: int
    looks_to: int
    queries: Numbers
    keys: Numbers
    values: Numbers
    attention: Numbers


def draw_head(
    identity: str,
    sentences: Sequence[OpenedHead],
    step: int,
    on_step: Callable[[], None],
    colors: Mapping[str, str],
    key: str,
) -> None:
    """Draw the head at a temperature; ``identity`` changes with sentences, words and head.

    A temperature that the reader lets go of is sent as ``step`` and calls ``on_step``.
    """
    shown = [
        {**vars(each), "from": each.looks_from, "to": each.looks_to, "labels": list(each.labels)}
        for each in sentences
    ]
    data = {"id": identity, "sentences": shown, "step": step, "colors": dict(colors)}
    _component(data=data, key=key, on_step_change=on_step)


def get_temperature(step: int) -> float:
    """Return the temperature at a place of the slider, to three places: 20 is 1."""
    return round(10 ** ((step - N_TEMPERATURES // 2) / 20), 3)


def read_step(value: Any) -> int | None:
    """Return the place of the slider in what the browser sent, None if it is no such thing."""
    sent = getattr(value, "step", None)
    return sent if isinstance(sent, int) and 0 <= sent < N_TEMPERATURES else None
