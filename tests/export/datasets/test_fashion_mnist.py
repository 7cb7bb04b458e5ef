import gzip
from pathlib import Path

import numpy as np
import pytest

from export.datasets import DatasetError
from export.datasets.fashion_mnist import (
    FOLDERS,
    LABELS,
    MEAN,
    STD,
    Images,
    load,
    normalize,
    take_few,
)

pytestmark = pytest.mark.fashion_mnist


@pytest.fixture(scope="module")
def test_split() -> Images:
    return load("test")


def test_the_test_split_is_ten_thousand_balanced_images(test_split: Images) -> None:
    assert test_split.pixels.shape == (10_000, 28, 28)
    assert np.bincount(test_split.labels).tolist() == [1000] * 10
    assert len(LABELS) == 10


def test_the_statistics_are_those_of_the_training_pixels() -> None:
    pixels = load("train").pixels / 255.0
    assert pixels.mean() == pytest.approx(MEAN, abs=5e-5)
    assert pixels.std() == pytest.approx(STD, abs=5e-5)


def test_normalizing_is_the_usual_formula() -> None:
    values = normalize(np.array([[[0, 255]]], np.uint8))
    assert values.shape == (1, 1, 1, 2) and values.dtype == np.float32
    assert values.ravel() == pytest.approx([-MEAN / STD, (1 - MEAN) / STD])


def test_a_few_images_are_of_every_class(test_split: Images) -> None:
    assert np.bincount(take_few(test_split, 3).labels).tolist() == [3] * 10


def test_a_missing_file_says_its_sum_and_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(DatasetError) as caught:
        load("test", tmp_path)
    message = str(caught.value)
    assert "t10k-images-idx3-ubyte.gz" in message and str(tmp_path) in message
    assert "apt-get install dataset-fashion-mnist" in message and "SHA-256" in message


@pytest.mark.parametrize(
    "content",
    [b"not gzip", gzip.compress(b"other bytes"), b""],
    ids=["not gzip", "other bytes", "empty"],  # a packed file has the time in it
)
def test_a_damaged_file_says_so(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "t10k-images-idx3-ubyte.gz").write_bytes(content)
    with pytest.raises(DatasetError, match=r"(cannot be read|damaged).*apt-get install"):
        load("test", tmp_path)


def test_files_packed_by_others_are_as_good(tmp_path: Path, test_split: Images) -> None:
    source = next(folder for folder in FOLDERS if folder.is_dir())
    for name in ("t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"):
        content = gzip.decompress((source / name).read_bytes())
        (tmp_path / name).write_bytes(gzip.compress(content, compresslevel=1))
    assert np.array_equal(load("test", tmp_path).labels, test_split.labels)
