"""Which word looks at which, layer by layer and head by head; see attention_player.js."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

_HERE = Path(__file__).parent

_component = st.components.v2.component(
    "glass_box_attention_player",
    html='<div class="attention"></div>\n<!-- filled by attention_player.js -->',
    css=(_HERE / "attention_player.css").read_text(encoding="utf-8"),
    js=(_HERE / "attention_player.js").read_text(encoding="utf-8"),
)

Place = tuple[int, int, int]  # network, layer, head, each from 0
Words = tuple[tuple[int, int], ...]  # of each sentence: the word that asks, the word asked, from 0


@dataclass(frozen=True)
class ShownSentence:
    """A sentence: what each piece reads, which of them are unknown, where to start.

    ``from`` and ``to`` in the browser are the places ``looks_from`` and ``looks_to``.
    """

    title: str
    labels: Sequence[str]
    unknown: Sequence[int]
    looks_from: int
    looks_to: int


@dataclass(frozen=True)
class ShownNetwork:
    """A network: ``maps`` is one text of ``encode_maps`` a sentence, ``start`` (layer, head)."""

    title: str
    layers: int
    heads: int
    maps: Sequence[str]
    start: tuple[int, int]


def draw_attention(
    identity: str,
    sentences: Sequence[ShownSentence],
    networks: Sequence[ShownNetwork],
    place: Place,
    on_view: Callable[[], None],
    on_words: Callable[[], None],
    colors: Mapping[str, str],
    key: str,
) -> None:
    """Draw the sentences side by side, open at ``place``.

    ``identity`` changes with the sentences. Another head that the reader settles on is sent as
    ``view``, and calls ``on_view`` before the next run; words that the reader chooses are sent as
    ``words`` and call ``on_words``.
    """
    _component(
        data={
            "id": identity,
            "sentences": [
                {
                    "title": each.title,
                    "labels": list(each.labels),
                    "unknown": list(each.unknown),
                    "from": each.looks_from,
                    "to": each.looks_to,
                }
                for each in sentences
            ],
            "networks": [
                {**vars(each), "maps": list(each.maps), "start": list(each.start)}
                for each in networks
            ],
            "view": list(place),
            "colors": dict(colors),
        },
        key=key,
        on_view_change=on_view,
        on_words_change=on_words,
    )


def read_view(value: Any) -> Place | None:
    """Return the (network, layer, head) in what the browser sent, None if it is no such thing."""
    sent = getattr(value, "view", None)
    if not isinstance(sent, list | tuple) or len(sent) != 3:
        return None
    if not all(isinstance(number, int) and number >= 0 for number in sent):
        return None
    return sent[0], sent[1], sent[2]


def read_words(value: Any) -> Words | None:
    """Return the pairs of words in what the browser sent, None if it is no such thing."""
    sent = getattr(value, "words", None)
    if not isinstance(sent, list | tuple) or not sent:
        return None
    if not all(isinstance(pair, list | tuple) and len(pair) == 2 for pair in sent):
        return None
    if not all(isinstance(place, int) and place >= 0 for pair in sent for place in pair):
        return None
    return tuple((int(asks), int(asked)) for asks, asked in sent)
