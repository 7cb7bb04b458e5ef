"""The encoder's tokenizer on what readers write."""

import pytest

from dashboard.cache import ZOO
from dashboard.sequences.word_pieces import LONGEST, NoWordsError, WordPieces


@pytest.fixture(scope="module")
def cutter() -> WordPieces:
    return WordPieces(ZOO / "minilm.sentences" / "tokenizer.json")


def test_the_seed_sentence(cutter: WordPieces) -> None:
    pieces = cutter.split("The animal didn't cross the street because it was too tired.")
    assert pieces.labels[:6] == ("[CLS]", "The", "animal", "didn", "'", "t")
    assert pieces.labels[-2:] == (".", "[SEP]")
    assert pieces.tokens[10] == "it" and pieces.ids[10] == 2009
    assert (len(pieces), pieces.unknown, pieces.left_out) == (16, (), 0)
    assert pieces.feed["input_ids"].shape == pieces.feed["attention_mask"].shape == (1, 16)


def test_a_rare_word_is_cut(cutter: WordPieces) -> None:
    assert cutter.split("Tokenization").labels == ("[CLS]", "Token", "##ization", "[SEP]")


def test_what_the_vocabulary_lacks_is_marked(cutter: WordPieces) -> None:
    pieces = cutter.split("it 😀 日本")
    assert pieces.unknown == (2,)
    assert pieces.labels == ("[CLS]", "it", "😀", "日", "本", "[SEP]")


def test_a_long_text_is_cut_and_counted(cutter: WordPieces) -> None:
    pieces = cutter.split("so " * 50)
    assert len(pieces) == LONGEST and pieces.left_out == 52 - LONGEST
    assert pieces.labels[-1] == "[SEP]" and pieces.ids[-1] == 102


@pytest.mark.parametrize("text", ["", "   ", "\n\t", "\u200b", "\ud800"])
def test_nothing_to_read_is_said(cutter: WordPieces, text: str) -> None:
    with pytest.raises(NoWordsError, match="write at least one"):
        cutter.split(text)
