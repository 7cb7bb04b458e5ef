"""One head of attention opened, with its real numbers and a temperature; see head_player.js."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from dashboard.figures.base import Control, create_figure
from dashboard.parsing import parse_real, parse_whole
from dashboard.views.transformer.words import Words

_draw = create_figure("views/transformer/head_player")

# 0.1 to 10, as short as a link has them.
TEMPERATURES = tuple(round(10 ** (power / 20), 3) for power in range(-20, 21))

Numbers = Sequence[Sequence[float]]


@dataclass(frozen=True)
class OpenedHead:
    """A head on one sentence: queries, keys and values (T, d), the attention (T, T) it made.

    A pointer's values are (T, 0): it gives its shares and nothing else.
    """

    title: str
    labels: Sequence[str]
    queries: Numbers
    keys: Numbers
    values: Numbers
    attention: Numbers


def draw_head(sentences: Sequence[OpenedHead], words: Control[Words]) -> None:
    """Draw the head on the words that the reader chose, at a temperature."""
    hottest = parse_real(TEMPERATURES[0], TEMPERATURES[-1])
    controls = {
        "temperature": Control("attention.temperature", 1.0, hottest, "{:g}".format),
        "sentence": Control("attention.sentence", 0, parse_whole(0, len(sentences) - 1)),
        "words": words,
    }
    data = {"sentences": [asdict(each) for each in sentences], "temperatures": TEMPERATURES}
    _draw(data, "attention_head", controls)
