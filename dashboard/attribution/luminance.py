"""The brightness of a preprocessed input, for the trivial maps."""

from __future__ import annotations

import numpy as np

from dashboard.inference.model import Floats, Model

# Luma of ITU-R BT.601
_WEIGHTS = np.array([0.299, 0.587, 0.114], dtype=np.float32)


def compute_luminance(model: Model, inputs: Floats) -> Floats:
    """Return the brightness (H, W) of inputs (1, C, H, W): 0 is black, 1 is white."""
    black, white = model.input_range  # (C, 1, 1) each
    picture = (inputs[0] - black) / (white - black)  # (C, H, W)
    if len(picture) != len(_WEIGHTS):
        mean: Floats = picture.mean(axis=0)
        return mean
    luminance: Floats = np.tensordot(_WEIGHTS, picture, 1)
    return luminance
