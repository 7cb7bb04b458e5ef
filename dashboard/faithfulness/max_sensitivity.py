"""Max-sensitivity: how far a map can move when the photo moves by next to nothing.

The largest relative change of the map over random pictures within ``radius`` of the photo. Low is
good, and trivially so for a map that ignores the photo: read it beside a test of faithfulness.
Source: Yeh et al. 2019, "On the (In)fidelity and Sensitivity of Explanations", arXiv:1901.09392,
definition 3.1, estimated by sampling as there; divided by the map's own norm as in Captum.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from dashboard.attribution.base import Progress, ignore_progress
from dashboard.inference.model import Floats

DEFAULT_N_SAMPLES = 8
DEFAULT_RADIUS = 4.0  # grey levels of 255


def compute_max_sensitivity(
    explain: Callable[[Floats], Floats],
    inputs: Floats,
    input_range: tuple[Floats, Floats],
    radius: float = DEFAULT_RADIUS,
    n_samples: int = DEFAULT_N_SAMPLES,
    seed: int = 0,
    progress: Progress = ignore_progress,
) -> float:
    """Return max |map(moved) - map(inputs)| / |map(inputs)| (Euclidean), at least 0.

    ``explain`` returns the map (H, W) of inputs (1, C, H, W); ``input_range`` is the value of black
    and of white, (C, 1, 1) each. Every pixel moves evenly within ``radius`` grey levels and stays
    valid. NaN for a map that is zero everywhere.

    Raises:
        ValueError: ``radius`` or ``n_samples`` is not positive.
    """
    if radius <= 0 or n_samples < 1:
        raise ValueError("Max-sensitivity needs a radius above 0 and at least one sample.")
    black, white = input_range
    low, high = np.minimum(black, white), np.maximum(black, white)
    reach = (high - low) * np.float32(radius / 255)
    rng = np.random.default_rng(seed)
    own = explain(inputs).astype(np.float64)
    norm, farthest = float(np.linalg.norm(own)), 0.0
    for index in range(n_samples):
        noise = rng.uniform(-1, 1, inputs.shape).astype(np.float32)
        moved = np.clip(inputs + reach * noise, low, high).astype(np.float32)
        farthest = max(farthest, float(np.linalg.norm(explain(moved) - own)))
        progress((index + 1) / n_samples)
    return farthest / norm if norm > 0 else float("nan")
