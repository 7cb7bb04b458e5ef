from pathlib import Path
from typing import Any

import pytest

from dashboard.inference.zoo import ZooEntry, ZooError, list_models, verify


def test_models_are_listed_by_name_and_other_folders_are_not(make_zoo: Any) -> None:
    titles = {"a": "First", "b": "Second"}
    root = make_zoo("b.data", title=titles["b"]).parent
    make_zoo("a.data", title=titles["a"])
    (root / ".hidden").mkdir()
    (root / "notes.txt").write_text("no folder")
    (root / "samples").mkdir()
    task = "image-classification"
    assert list_models(root) == [ZooEntry(f"{n}.data", t, task) for n, t in titles.items()]


def test_a_zoo_that_does_not_exist_is_empty(tmp_path: Path) -> None:
    assert list_models(tmp_path / "nowhere") == []


def test_a_broken_model_names_itself_and_leaves_the_others_usable(make_zoo: Any) -> None:
    root = make_zoo("a.data").parent
    (make_zoo("b.data") / "card.json").unlink()
    (make_zoo("c.data") / "weights.bin").unlink()
    a, b, c = list_models(root)
    assert a.error is None
    assert b.title == "b.data"
    assert "b.data cannot be used: card.json" in (b.error or "")
    assert "c.data cannot be used: weights.bin is missing" in (c.error or "")


def test_untouched_files_are_verified(make_zoo: Any) -> None:
    assert verify(make_zoo()).name == "linear.test"


@pytest.mark.parametrize("file", ["predict.onnx", "explain.onnx", "weights.bin"])
def test_one_flipped_bit_names_its_file(make_zoo: Any, file: str) -> None:
    folder = make_zoo()
    data = bytearray((folder / file).read_bytes())
    data[len(data) // 2] ^= 1
    (folder / file).write_bytes(data)
    with pytest.raises(ZooError, match=rf"linear\.test cannot be used: {file} is damaged"):
        verify(folder)


def test_a_missing_file_names_itself(make_zoo: Any) -> None:
    folder = make_zoo()
    (folder / "explain.onnx").unlink()
    with pytest.raises(ZooError, match=r"explain\.onnx is missing"):
        verify(folder)


def test_sums_may_be_written_in_capitals(make_zoo: Any) -> None:
    folder = make_zoo()
    text = (folder / "card.json").read_text()
    checksum = text.split('"weights.bin": "')[1][:64]
    (folder / "card.json").write_text(text.replace(checksum, checksum.upper()))
    verify(folder)
