"""Words as the networks on film reviews read them: cut and numbered by what their card says."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard.inference.cards import ModelCard
from dashboard.inference.errors import create_zoo_error

LONGEST = 64  # words: as many as the gradient graphs take
MAX_CHARACTERS = 600  # of a text in a link; a longer one is read all the same


class NoWordsError(ValueError):
    """There is nothing in a text that the networks would call a word."""


@dataclass(frozen=True, eq=False)
class Words:
    """A text as a network reads it: ``labels`` its words, ``numbers`` (1, T) their numbers.

    ``unknown`` are the places of words that the vocabulary lacks; ``left_out`` counts the words
    that are not among the T.
    """

    labels: tuple[str, ...]
    numbers: NDArray[np.int64]
    unknown: tuple[int, ...]
    left_out: int

    def __len__(self) -> int:
        return len(self.labels)


class WordReader:
    """Cuts texts into words and numbers them; raises ZooError where its vocabulary is damaged."""

    def __init__(self, folder: Path, card: ModelCard) -> None:
        path = folder / str(card.details["vocabulary"])
        try:
            vocabulary: Sequence[str] = json.loads(path.read_text(encoding="utf-8"))
            rule: Mapping[str, Any] = card.details["words"]
            self._break, self._pattern = re.compile(rule["break"]), re.compile(rule["pattern"])
            self._unknown, self._longest = int(rule["unknown"]), int(rule["longest"])
        except (OSError, ValueError, KeyError, re.error) as error:
            raise create_zoo_error(path, "is no vocabulary that can be read") from error
        self._numbers = {word: i for i, word in enumerate(vocabulary)}

    def read(self, text: str) -> Words:
        """Return the first ``LONGEST`` words of a text.

        Raises:
            NoWordsError: there is no word in it.
        """
        labels = self._split(text)
        return self._number(labels[:LONGEST], len(labels))

    def read_last(self, text: str) -> Words:
        """Return the last words of a text, as many as in training: a review ends in its verdict.

        Raises:
            NoWordsError: there is no word in it.
        """
        labels = self._split(text)
        return self._number(labels[-self._longest :], len(labels))

    def _split(self, text: str) -> list[str]:
        straight = text.lower().replace("\u2019", "'")  # a typographic apostrophe
        labels: list[str] = self._pattern.findall(self._break.sub(" ", straight))
        if not labels:
            raise NoWordsError(
                "There is no word in this text: write a sentence, in English if you can."
            )
        return labels

    def _number(self, kept: Sequence[str], n_words: int) -> Words:
        numbers = [self._numbers.get(word, self._unknown) for word in kept]
        return Words(
            tuple(kept),
            np.array([numbers], np.int64),
            tuple(i for i, number in enumerate(numbers) if number == self._unknown),
            n_words - len(kept),
        )
