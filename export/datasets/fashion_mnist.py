"""Fashion-MNIST: 60,000 + 10,000 grey images of clothing, 28 x 28 (Xiao, Rasul, Vollgraf 2017).

Licence MIT, Zalando SE: https://github.com/zalandoresearch/fashion-mnist. Read from the four
gzipped idx files, whoever packed them: checked is what they hold, not how it was compressed.
"""

from __future__ import annotations

import gzip
import hashlib
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from export.arrays import Floats
from export.datasets.errors import DatasetError

LABELS = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
MEAN, STD = 0.2860, 0.3530  # of the training pixels, scaled to [0, 1]
LICENCE = "MIT, Zalando SE"
SIDE = 28

# Where Debian's package puts it, and where the files may be dropped by hand.
FOLDERS = (Path("data/fashion-mnist"), Path("/usr/share/datasets/fashion-mnist"))
HOW_TO_GET = (
    "get it with `apt-get install dataset-fashion-mnist` (Debian), or download the four files from "
    "https://github.com/zalandoresearch/fashion-mnist into data/fashion-mnist"
)

_FILES = {
    "train": ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"),
    "test": ("t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"),
}
# SHA-256 of the uncompressed files.
SHA256 = {
    "t10k-images-idx3-ubyte.gz": (
        "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b"
    ),
    "t10k-labels-idx1-ubyte.gz": (
        "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34"
    ),
    "train-images-idx3-ubyte.gz": (
        "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888"
    ),
    "train-labels-idx1-ubyte.gz": (
        "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9"
    ),
}
_IMAGES_MAGIC, _LABELS_MAGIC = 2051, 2049


@dataclass(frozen=True)
class Images:
    """``pixels`` (N, 28, 28) in 0 to 255, ``labels`` (N,), an index into ``LABELS`` each."""

    pixels: NDArray[np.uint8]
    labels: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, indices: NDArray[np.int64]) -> Images:
        """Return the images at ``indices``, in their order."""
        return Images(self.pixels[indices], self.labels[indices])


def load(split: str, folder: Path | None = None) -> Images:
    """Return the "train" or the "test" split, from ``folder`` or from where it is usually found.

    Raises:
        DatasetError: a file is missing or damaged; the message says how to get it.
    """
    images, labels = (_read(_find(name, folder), name) for name in _FILES[split])
    pixels = _parse(images, _IMAGES_MAGIC, 3).reshape(-1, SIDE, SIDE)
    return Images(pixels, _parse(labels, _LABELS_MAGIC, 1).astype(np.int64))


def normalize(pixels: NDArray[np.uint8]) -> Floats:
    """Return network values (N, 1, 28, 28) of pixels (N, 28, 28)."""
    values = (pixels.astype(np.float32) / 255 - MEAN) / STD
    return np.ascontiguousarray(values[:, np.newaxis], dtype=np.float32)


def take_few(data: Images, each: int = 10) -> Images:
    """Return the first images of every class: enough to try a script, not to learn from."""
    chosen = [np.flatnonzero(data.labels == label)[:each] for label in range(len(LABELS))]
    return data.take(np.sort(np.concatenate(chosen)))


def _find(name: str, folder: Path | None) -> Path:
    folders = FOLDERS if folder is None else (folder,)
    for each in folders:
        if (each / name).is_file():
            return each / name
    where = " or ".join(str(each) for each in folders)
    raise DatasetError(
        f"{name} (uncompressed SHA-256 {SHA256[name]}) is not in {where}: {HOW_TO_GET}"
    )


def _read(path: Path, name: str) -> bytes:
    try:
        content = gzip.decompress(path.read_bytes())
    except (OSError, EOFError, zlib.error) as error:
        raise DatasetError(f"{path} cannot be read ({error}): {HOW_TO_GET}") from error
    actual = hashlib.sha256(content).hexdigest()
    if actual != SHA256[name]:
        raise DatasetError(
            f"{path} is damaged: its content has SHA-256 {actual} instead of {SHA256[name]}; "
            f"{HOW_TO_GET}"
        )
    return content


def _parse(content: bytes, magic: int, dimensions: int) -> NDArray[np.uint8]:
    """Read the idx format: a magic number, the sizes, the bytes, all big-endian."""
    header = np.frombuffer(content, ">i4", 1 + dimensions)
    assert header[0] == magic  # the checksum has been right
    return np.frombuffer(content, np.uint8, offset=header.nbytes)
