from pathlib import Path

import numpy as np
import pytest

from dashboard.inference.errors import ZooError
from dashboard.inference.small_pictures import has_bright_border, load_small_pictures


def test_pictures_and_classes_are_read(tmp_path: Path) -> None:
    pixels = np.arange(2 * 4 * 3, dtype=np.uint8).reshape(2, 4, 3)
    np.savez(tmp_path / "set.npz", pixels=pixels, labels=np.array([7, 1], np.uint8))
    found = load_small_pictures(tmp_path / "set.npz")
    assert (found.grey == pixels).all() and found.labels.tolist() == [7, 1]
    assert found.labels.dtype == np.int64
    assert found.views.shape == (2, 4, 3, 3) and (found.views[..., 2] == pixels).all()


def test_a_set_without_classes_has_none(tmp_path: Path) -> None:
    np.savez(tmp_path / "set.npz", pixels=np.zeros((3, 2, 2), np.uint8))
    assert load_small_pictures(tmp_path / "set.npz").labels.size == 0


@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04 not a zip", b"hello"])
def test_what_cannot_be_read_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "set.npz"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ZooError, match=r"set\.npz"):
        load_small_pictures(path)


def test_a_file_without_pictures_is_named(tmp_path: Path) -> None:
    np.savez(tmp_path / "set.npz", other=np.zeros(1))
    with pytest.raises(ZooError, match=r"set\.npz"):
        load_small_pictures(tmp_path / "set.npz")


def test_only_the_border_tells_the_ground() -> None:
    grey = np.zeros((28, 28), np.uint8)
    grey[5:23, 5:23] = 255
    assert not has_bright_border(grey) and has_bright_border(255 - grey)
