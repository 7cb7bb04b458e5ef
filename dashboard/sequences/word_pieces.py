"""A sentence cut into the word pieces that an encoder knows (WordPiece, Wu et al. 2016)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

LONGEST = 32  # the gradient graph's length; the page shows no more
MAX_CHARACTERS = 400  # of a text in a link; a longer one is read all the same
_MOST = 20_000  # characters that are looked at: what lies behind is not counted as left out
UNKNOWN, START, END = "[UNK]", "[CLS]", "[SEP]"


class NoWordsError(ValueError):
    """A text holds nothing that could be read; the message is one sentence for the reader."""


@dataclass(frozen=True)
class Pieces:
    """A sentence of T pieces, the first and the last of them the encoder's own marks.

    ``labels`` are what is shown: the text as written, ``##`` before a piece that continues a word.
    ``unknown`` are the places of pieces that the vocabulary lacks; ``left_out`` counts the pieces
    that did not fit.
    """

    labels: tuple[str, ...]
    tokens: tuple[str, ...]
    ids: NDArray[np.int64]
    unknown: tuple[int, ...]
    left_out: int

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def feed(self) -> dict[str, NDArray[np.int64]]:
        """The encoder's inputs, a batch of one."""
        return {"input_ids": self.ids[None], "attention_mask": np.ones_like(self.ids)[None]}


class WordPieces:
    """The encoder's own tokenizer, read from the file beside its weights."""

    def __init__(self, path: Path) -> None:
        from tokenizers import Tokenizer  # here, so that the first page does not wait for it

        self._tokenizer = Tokenizer.from_file(str(path))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()

    def split(self, text: str) -> Pieces:
        """Return the first pieces of a text.

        Raises:
            NoWordsError: there are none.
        """
        # A lone surrogate is no text: it cannot be encoded.
        clean = text[:_MOST].encode("utf-8", "ignore").decode("utf-8")
        found = self._tokenizer.encode(clean)
        inner = slice(1, min(len(found.ids) - 1, LONGEST - 1))
        tokens = found.tokens[inner]
        if not tokens:
            raise NoWordsError("There is no word in this sentence: write at least one.")
        labels = [
            _label(clean, token, span)
            for token, span in zip(tokens, found.offsets[inner], strict=True)
        ]
        ids = [found.ids[0], *found.ids[inner], found.ids[-1]]
        return Pieces(
            labels=(START, *labels, END),
            tokens=(START, *tokens, END),
            ids=np.array(ids, np.int64),
            unknown=tuple(i + 1 for i, token in enumerate(tokens) if token == UNKNOWN),
            left_out=len(found.ids) - len(ids),
        )


def _label(text: str, token: str, span: tuple[int, int]) -> str:
    written = text[span[0] : span[1]] or token
    return f"##{written}" if token.startswith("##") else written
