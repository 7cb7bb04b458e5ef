"""Two networks read a text word by word, scrubbed in the browser; see memory_player.js."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import streamlit as st

from dashboard import charts

_HERE = Path(__file__).parent
_COLORS = {
    "first": charts.ORANGE,
    "second": charts.BLUE,
    "below": charts.SKY_BLUE,
    "above": charts.ORANGE,
}

_component = st.components.v2.component(
    "glass_box_memory_player",
    html='<div class="memory"></div>\n<!-- filled by memory_player.js -->',
    css=(_HERE / "memory_player.css").read_text(encoding="utf-8"),
    js=(_HERE / "memory_player.js").read_text(encoding="utf-8"),
)


@dataclass(frozen=True)
class ShownReader:
    """A network: ``key`` is "first" or "second", its line; ``verdicts`` (T,) in [0, 1].

    ``carried`` (units, T) is what it carries along, of the units numbered ``units``; ``gates`` has
    the LSTM's tensors, (units, T) each; ``shares`` one number a word by way of asking.
    """

    key: str
    name: str
    carries: str
    verdicts: Sequence[float]
    carried: Sequence[Sequence[float]]
    units: Sequence[int]
    gates: Mapping[str, Sequence[Sequence[float]]] | None
    shares: Mapping[str, Sequence[float]]


def draw_memory(
    identity: str,
    words: Sequence[str],
    unknown: Sequence[int],
    networks: Sequence[ShownReader],
    key: str,
) -> None:
    """Draw both networks over the words; ``identity`` changes with the text."""
    data = {
        "id": identity,
        "words": list(words),
        "unknown": list(unknown),
        "networks": [asdict(network) for network in networks],
        "ways": list(networks[0].shares),
        "colors": _COLORS,
    }
    _component(data=data, key=key)
