"""Which words look at which, and at what temperature: the reader's, or the link's."""

from __future__ import annotations

import math
from collections.abc import Sequence

from dashboard import state
from dashboard.sequences.reading import Reading
from dashboard.widgets.attention_networks import PLAYER
from dashboard.widgets.attention_player import Words, read_words
from dashboard.widgets.head_player import N_TEMPERATURES, get_temperature, read_step

WORDS, TEMPERATURE = "attention.words", "attention.temperature"
OPENED = "attention_head"


def choose_words(readings: Sequence[Reading]) -> Words:
    """Return (asks, is asked) of each sentence, places from 0; in the link they count from 1."""
    lengths = [len(reading.pieces) for reading in readings]
    chosen: Words = state.bind(WORDS, (), lambda text: parse_words(text, lengths), encode_words)
    if chosen and _do_fit(chosen, lengths):
        return chosen
    return tuple((reading.asks, reading.looks_to) for reading in readings)


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
    parts = [part for pair in pairs for part in pair]
    if any(len(pair) != 2 for pair in pairs) or not all(_is_number(part) for part in parts):
        return None
    words = tuple((int(asks) - 1, int(asked) - 1) for asks, asked in pairs)
    return words if _do_fit(words, lengths) else None


def encode_words(words: Words) -> str:
    """Return the pairs as the link has them; ``parse_words`` reads them back."""
    return ",".join(f"{asks + 1}-{asked + 1}" for asks, asked in words)


def choose_temperature() -> int:
    """Return the place of the temperature among those that the figure offers."""
    value = state.bind(TEMPERATURE, 1.0, parse_temperature, "{:g}".format)
    return min(range(N_TEMPERATURES), key=lambda step: abs(get_temperature(step) - value))


def take_temperature() -> None:
    """Take over the temperature that the reader let go of."""
    step = read_step(state.get(OPENED, None))
    if step is not None:
        state.put(TEMPERATURE, get_temperature(step))


def parse_temperature(text: str) -> float | None:
    """Return the temperature, None where the figure has none near it."""
    try:
        value = float(text[:20])
    except ValueError:
        return None
    lowest, highest = get_temperature(0), get_temperature(N_TEMPERATURES - 1)
    return value if math.isfinite(value) and lowest <= value <= highest else None


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 5


def _do_fit(words: Words, lengths: Sequence[int]) -> bool:
    return len(words) == len(lengths) and all(
        0 <= place < length for pair, length in zip(words, lengths, strict=True) for place in pair
    )
