"""Two networks read a text word by word, scrubbed in the browser; see memory_player.js."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from dashboard.figures.base import Control, create_figure
from dashboard.parsing import parse_whole

_draw = create_figure("views/rnn/memory_player")


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
    identity: str, words: Sequence[str], unknown: Sequence[int], networks: Sequence[ShownReader]
) -> None:
    """Draw both networks over the words; ``identity`` changes with the text."""
    last, ways = len(words) - 1, list(networks[0].shares)
    units = max(len(network.units) for network in networks)
    controls = {
        "word": Control("memory.word", last, parse_whole(0, last), of=identity),
        "unit": Control("memory.unit", 0, parse_whole(0, units - 1), of=identity),
        "way": Control("memory.way", 0, parse_whole(0, len(ways) - 1)),
    }
    data = {
        "words": list(words),
        "unknown": list(unknown),
        "networks": [asdict(network) for network in networks],
        "ways": ways,
    }
    _draw(data, "memory_player", controls)
