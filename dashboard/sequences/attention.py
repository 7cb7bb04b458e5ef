"""What can be done with attention: rollout, and weighting by gradients."""

from __future__ import annotations

import base64

import numpy as np

from dashboard.inference.model import Doubles, Floats

_LEVELS = 65535  # of a share in what is sent to the browser


def compute_rollout(attention: Floats) -> Doubles:
    """Return how much of each place (column) is in each place (row) after all layers, (T, T).

    ``attention`` is (layers, heads, T, T). Heads are averaged, half of every layer is what skips
    it, and the layers are multiplied: Abnar and Zuidema 2020, arXiv 2005.00928. Rows sum to 1.
    """
    mixed = np.eye(attention.shape[-1])
    for layer in attention.astype(np.float64).mean(1):
        mixed = (layer + np.eye(len(layer))) / 2 @ mixed
    return mixed


def compute_relevance(attention: Floats, gradients: Floats) -> Doubles:
    """Return what each place (column) does for the score through each place (row), (T, T).

    Both are (layers, heads, T, T). Each attention counts by its gradient where that speaks for the
    score: Chefer, Gur, Wolf 2021, arXiv 2103.15679, equations 5 and 6. A place's own start of 1 is
    taken off, so that the map shows only what attention brought.
    """
    own = np.eye(attention.shape[-1])
    found = own.copy()
    weighted = np.maximum(attention.astype(np.float64) * gradients, 0).mean(1)
    for layer in weighted:  # (T, T)
        found = found + layer @ found
    return found - own


def encode_maps(attention: Floats) -> str:
    """Return shares (layers, heads, T, T) in [0, 1] as base64 of 16-bit numbers, little-endian."""
    levels = np.rint(np.clip(attention, 0, 1) * _LEVELS).astype("<u2")
    return base64.b64encode(levels.tobytes()).decode("ascii")
