"""Words cut and numbered as in training."""

import json

import numpy as np
import pytest

from dashboard.cache import ZOO
from dashboard.inference.cards import load_model_card
from dashboard.sequences.words import LONGEST, NoWordsError, WordReader
from export.datasets import imdb

NAME = "rnn.imdb"
VOCABULARY = json.loads((ZOO / NAME / "vocabulary.json").read_text(encoding="utf-8"))


def create_reader() -> WordReader:
    return WordReader(ZOO / NAME, load_model_card(ZOO / NAME))


@pytest.mark.parametrize(
    "text",
    [
        "A film, and don\u2019t miss it!",
        "bad<br /><br />Worse?",
        "naïve Ünïcode 42",
        "日本 🎬 good",
        "It\u2019s GOOD!<br />Really... 2/10? Naïve",
    ],
)
def test_words_are_those_of_training(text: str) -> None:
    words = create_reader().read(text)
    assert list(words.labels) == imdb.split_words(text)
    (numbers,) = imdb.encode([text], VOCABULARY)
    assert np.array_equal(words.numbers[0], numbers)


def test_unknown_words_are_named_and_long_texts_cut() -> None:
    words = create_reader().read("good " * 70 + "xqzzt")
    assert len(words) == LONGEST and words.left_out == 7 and not words.unknown
    assert create_reader().read("good xqzzt").unknown == (1,)


def test_a_review_keeps_its_end_as_in_training() -> None:
    text = "odd " * 500 + "xqzzt good"
    words = create_reader().read_last(text)
    (numbers,) = imdb.encode([text], VOCABULARY)
    assert words.numbers.shape == (1, 400) and words.left_out == 102
    assert np.array_equal(words.numbers[0], numbers)
    assert words.unknown == (398,) and words.labels[-1] == "good"


@pytest.mark.parametrize("text", ["", "   ", "🎬🎬", ",;:"])
def test_a_text_without_words_is_told_in_one_sentence(text: str) -> None:
    for read in (create_reader().read, create_reader().read_last):
        with pytest.raises(NoWordsError, match="no word"):
            read(text)
