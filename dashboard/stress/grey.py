"""Corruptions of what a network sees, which may be brightness only."""

from __future__ import annotations

import numpy as np

from dashboard.stress import CORRUPTIONS
from dashboard.stress.base import Corruption, Pixels

SEED = 0


def corrupt_views(
    views: Pixels, corruption: Corruption, severity: int, is_grey: bool, seed: int = SEED
) -> Pixels:
    """Return views (N, H, W, 3) corrupted; grey ones get the same noise in all three channels."""
    if not is_grey:
        return corruption.apply(views, severity, seed)
    grey: Pixels = np.repeat(corruption.apply(views[..., :1], severity, seed), 3, axis=3)
    return grey


def list_corruptions(is_grey: bool) -> list[Corruption]:
    """Return the corruptions that change what a network sees."""
    return [each for each in CORRUPTIONS if not (is_grey and each.needs_colour)]
