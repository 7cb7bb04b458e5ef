"""Which words look at which: the reader's, or the link's."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from dashboard.figures.base import Control
from dashboard.parsing import parse_whole
from dashboard.sequences.reading import Reading

WORDS = "attention.words"

Words = tuple[tuple[int, int], ...]  # of each sentence: the word that asks, the word asked, from 0


def create_words(readings: Sequence[Reading], of: str) -> Control[Words]:
    """Return the control of (asks, is asked) of each sentence; ``of`` changes with the sentences.

    Its places are from 0; in the link and on the page they count from 1. New sentences ask with
    their own pronouns.
    """
    own = tuple((reading.asks, reading.looks_to) for reading in readings)
    lengths = [len(reading.pieces) for reading in readings]
    return Control(WORDS, own, partial(parse_words, lengths=lengths), encode_words, of)


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
