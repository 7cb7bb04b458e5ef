"""What stands where the photo is taken away: the reference that a map is relative to."""

from __future__ import annotations

import numpy as np

from dashboard.attribution.params import ChoiceParam
from dashboard.inference.model import Floats, Model

FILLS = ("grey", "black", "white", "blurred")

# Standard deviation of the blur as a share of the shorter side: 22 pixels of 224.
_BLUR = 0.1


def create_fill_param(label: str, help: str) -> ChoiceParam:
    """Return the control that chooses the fill."""
    return ChoiceParam("fill", label, "grey", FILLS, help)


def create_fill(model: Model, inputs: Floats, name: str) -> Floats:
    """Return what replaces inputs (1, C, H, W), of the same shape.

    Raises:
        ValueError: ``name`` is not one of ``FILLS``.
    """
    black, white = model.input_range  # (C, 1, 1) each
    if name == "blurred":
        from scipy.ndimage import gaussian_filter

        sigma = _BLUR * min(inputs.shape[2:])
        blurred: Floats = gaussian_filter(inputs, (0, 0, sigma, sigma), mode="nearest")
        return blurred
    levels = {"grey": 0.5, "black": 0.0, "white": 1.0}
    if name not in levels:
        raise ValueError(f"There is no fill called {name}.")
    value = black + np.float32(levels[name]) * (white - black)  # (C, 1, 1)
    return np.broadcast_to(value, inputs.shape).astype(np.float32)
