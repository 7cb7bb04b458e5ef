"""The sets of small grey pictures that come with the zoo: garments, digits, emoji."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from dashboard.inference.errors import ZooError
from dashboard.inference.model import Ints
from dashboard.inference.preprocessing import Pixels

GARMENTS, DIGITS, EMOJI = "fashion_mnist", "digits", "emoji"

_BRIGHT = 127  # the border of a garment's picture is black, that of most photos is not


@dataclass(frozen=True, eq=False)
class SmallPictures:
    """Grey pictures (N, H, W) with their classes (N,); ``labels`` is empty where there are none."""

    grey: Pixels
    labels: Ints

    @cached_property
    def views(self) -> Pixels:
        """The pictures as (N, H, W, 3)."""
        return np.repeat(self.grey[..., np.newaxis], 3, axis=3)


def load_small_pictures(path: Path) -> SmallPictures:
    """Return the pictures in an npz file; raises ZooError where it cannot be read."""
    try:
        with np.load(path, allow_pickle=False) as arrays:
            labels = arrays["labels"] if "labels" in arrays else np.empty(0)
            return SmallPictures(arrays["pixels"], labels.astype(np.int64))
    except (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise ZooError(
            f"The pictures in samples/{path.name} cannot be read: restore the file from the "
            "repository."
        ) from error


def has_bright_border(grey: Pixels) -> bool:
    """Return whether a picture (H, W) stands on a bright ground, as no garment of the set does."""
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    return float(border.mean()) > _BRIGHT
