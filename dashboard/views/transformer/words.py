"""Which words look at which, and at what temperature: the reader's, or the link's."""

from __future__ import annotations

from collections.abc import Sequence

from dashboard import state
from dashboard.sequences.reading import Reading
from dashboard.views.transformer.attention_player import Words, read_words
from dashboard.views.transformer.head_player import TEMPERATURES, read_step
from dashboard.views.transformer.networks import PLAYER
from dashboard.widgets.option_select import parse_real, parse_whole

WORDS, TEMPERATURE = "attention.words", "attention.temperature"
OPENED = "attention_head"


def bind_words(readings: Sequence[Reading]) -> Words:
    """Return (asks, is asked) of each sentence, places from 0; in the link they count from 1."""
    lengths = [len(reading.pieces) for reading in readings]
    chosen: Words = state.bind(WORDS, (), lambda text: parse_words(text, lengths), encode_words)
    return chosen or tuple((reading.asks, reading.looks_to) for reading in readings)


def forget_words() -> None:
    """Let a new sentence ask with its own pronoun."""
    state.put(WORDS, ())


def take_words() -> None:
    """Take over the words that the reader chose in the figure."""
    sent = read_words(state.get(PLAYER, None))
    if sent is not None:
        state.put(WORDS, sent)


def parse_words(text: str, lengths: Sequence[int]) -> Words | None:
    """Return the pairs in "10-3,10-3", None where one is no place in its sentence."""
    pairs = [pair.split("-") for pair in text[:40].split(",")]
    if len(pairs) != len(lengths) or any(len(pair) != 2 for pair in pairs):
        return None
    words = []
    for (asks, asked), length in zip(pairs, lengths, strict=True):
        first, second = map(parse_whole(1, length), (asks, asked))
        if first is None or second is None:
            return None
        words.append((first - 1, second - 1))
    return tuple(words)


def encode_words(words: Words) -> str:
    """Return the pairs as the link has them; ``parse_words`` reads them back."""
    return ",".join(f"{asks + 1}-{asked + 1}" for asks, asked in words)


def bind_temperature() -> int:
    """Return the place of the temperature among those that the figure offers."""
    value = state.bind(
        TEMPERATURE, 1.0, parse_real(TEMPERATURES[0], TEMPERATURES[-1]), "{:g}".format
    )
    return min(range(len(TEMPERATURES)), key=lambda step: abs(TEMPERATURES[step] - value))


def take_temperature() -> None:
    """Take over the temperature that the reader let go of, as short as a link has it."""
    step = read_step(state.get(OPENED, None))
    if step is not None:
        state.put(TEMPERATURE, round(TEMPERATURES[step], 3))
