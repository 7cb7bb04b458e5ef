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

TEMPERATURES = tuple(10 ** (power / 20) for power in range(-20, 21))  # 0.1 to 10

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
    """Draw the head at the temperature at place ``step``.

    ``identity`` changes with sentences, words and head. A temperature that the reader lets go of is
    sent as ``step`` and calls ``on_step``.
    """
    shown = [
        {**vars(each), "from": each.looks_from, "to": each.looks_to, "labels": list(each.labels)}
        for each in sentences
    ]
    data = {
        "id": identity,
        "sentences": shown,
        "temperatures": TEMPERATURES,
        "step": step,
        "colors": dict(colors),
    }
    _component(data=data, key=key, on_step_change=on_step)


def read_step(value: Any) -> int | None:
    """Return the place of the slider in what the browser sent, None if it is no such thing."""
    sent = getattr(value, "step", None)
    return sent if isinstance(sent, int) and 0 <= sent < len(TEMPERATURES) else None
