"""Which word looks at which, layer by layer and head by head; see attention_player.js."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from dashboard.figures.base import Controls, create_figure

_draw = create_figure("views/transformer/attention_player")


@dataclass(frozen=True)
class ShownSentence:
    """A sentence: what each piece reads, which of them are unknown to the networks."""

    title: str
    labels: Sequence[str]
    unknown: Sequence[int]


@dataclass(frozen=True)
class ShownNetwork:
    """A network: ``maps`` is one text of ``encode_maps`` a sentence, ``start`` (layer, head)."""

    name: str
    title: str
    layers: int
    heads: int
    maps: Sequence[str]
    start: tuple[int, int]


def draw_attention(
    sentences: Sequence[ShownSentence], networks: Sequence[ShownNetwork], controls: Controls
) -> None:
    """Draw the sentences side by side, open at the "net", "layer", "head" and "words" told."""
    data = {
        "sentences": [asdict(each) for each in sentences],
        "networks": [asdict(each) for each in networks],
    }
    _draw(data, "attention_player", controls)
