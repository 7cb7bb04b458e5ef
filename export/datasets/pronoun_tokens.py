"""Pronoun sentences as word pieces: arrays for networks that point."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from export.datasets.errors import DatasetError
from export.datasets.pronouns import Pair

PRONOUN = "it"
LENGTH = 32  # word pieces of a sentence, padded; longer ones do not fit


@dataclass(frozen=True)
class Encoded:
    """Sentences of pairs: rows 2i and 2i + 1 are a pair.

    ``input_ids`` and ``attention_mask`` (N, T); ``pronoun`` (N,), its place; ``referent`` (N, T),
    true at the pieces of the word it stands for; ``other`` (N, T), at those of the pair's other
    noun.
    """

    input_ids: NDArray[np.int64]
    attention_mask: NDArray[np.int64]
    pronoun: NDArray[np.int64]
    referent: NDArray[np.bool_]
    other: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.pronoun)

    def take(self, rows: NDArray[np.int64]) -> Encoded:
        """Return some rows, in their order."""
        return Encoded(
            self.input_ids[rows],
            self.attention_mask[rows],
            self.pronoun[rows],
            self.referent[rows],
            self.other[rows],
        )


def encode(pairs: Sequence[Pair], tokenizer: Tokenizer, length: int = LENGTH) -> Encoded:
    """Return the pairs' sentences as word pieces, padded to ``length``.

    Raises:
        DatasetError: a sentence is too long, or a word in question does not stand in it once.
    """
    texts = [text for pair in pairs for text in pair.sentences]
    words = [
        (word, other) for pair in pairs for word, other in (pair.referents, pair.referents[::-1])
    ]
    count = len(texts)
    ids, mask = np.zeros((count, length), np.int64), np.zeros((count, length), np.int64)
    pronoun = np.zeros(count, np.int64)
    referent, other = np.zeros((count, length), bool), np.zeros((count, length), bool)
    for i, (text, found) in enumerate(zip(texts, tokenizer.encode_batch(texts), strict=True)):
        if len(found.ids) > length:
            raise DatasetError(f"more than {length} word pieces: {text}")
        ids[i, : len(found.ids)], mask[i, : len(found.ids)] = found.ids, 1
        spans = [_find_word(text, word) for word in (PRONOUN, *words[i])]
        for place, (start, end) in enumerate(found.offsets):
            if (start, end) == spans[0]:
                pronoun[i] = place
            referent[i, place] = spans[1][0] <= start < end <= spans[1][1]
            other[i, place] = spans[2][0] <= start < end <= spans[2][1]
    return Encoded(ids, mask, pronoun, referent, other)


def _find_word(text: str, word: str) -> tuple[int, int]:
    matches = list(re.finditer(rf"\b{word}\b", text, re.IGNORECASE))
    if len(matches) != 1:
        raise DatasetError(f"'{word}' does not stand once in: {text}")
    return matches[0].span()
