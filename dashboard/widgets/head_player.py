"""One head of attention opened, with its real numbers and a temperature; see head_player.js."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

_HERE = Path(__file__).parent

_component = st.components.v2.component(
    "glass_box_head_player",
    html='<div class="head"></div>\n<!-- filled by head_player.js -->',
    css=(_HERE / "head_player.css").read_text(encoding="utf-8"),
    js=(_HERE / "head_player.js").read_text(encoding="utf-8"),
)

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
    identity: str, sentences: Sequence[OpenedHead], colors: Mapping[str, str], key: str
) -> None:
    """Draw the head; ``identity`` changes with the sentences and the head."""
    shown = [
        {**vars(each), "from": each.looks_from, "to": each.looks_to, "labels": list(each.labels)}
        for each in sentences
    ]
    _component(data={"id": identity, "sentences": shown, "colors": dict(colors)}, key=key)
