"""Edges: where the photo's brightness changes. It knows nothing of the network.

Maps that look convincing often look like edges; the sanity checks of Adebayo et al. 2018
(arXiv:1810.03292) found methods that hardly do more.
"""

from __future__ import annotations

import numpy as np

from dashboard.attribution.base import Attribution, Progress, Question, create_baseline
from dashboard.attribution.luminance import compute_luminance
from dashboard.attribution.params import Params
from dashboard.inference.model import Floats, Model


def compute_sobel(picture: Floats) -> Floats:
    """Return the magnitude (H, W) of Sobel's gradient of a picture (H, W), borders repeated."""
    p = np.pad(picture, 1, mode="edge")
    right = p[:-2, 2:] + 2 * p[1:-1, 2:] + p[2:, 2:]
    left = p[:-2, :-2] + 2 * p[1:-1, :-2] + p[2:, :-2]
    below = p[2:, :-2] + 2 * p[2:, 1:-1] + p[2:, 2:]
    above = p[:-2, :-2] + 2 * p[:-2, 1:-1] + p[:-2, 2:]
    magnitude: Floats = np.hypot(right - left, below - above)
    return magnitude


def compute(model: Model, question: Question, params: Params, progress: Progress) -> Attribution:
    """Return the strength of the photo's edges (1, 1, H, W)."""
    magnitude = compute_sobel(compute_luminance(model, question.inputs))
    progress(1.0)
    return Attribution(magnitude[np.newaxis, np.newaxis])


METHOD = create_baseline(
    name="edges",
    label="Edges",
    summary="The photo's edges: a map that knows nothing of the network.",
    compute=compute,
    is_stochastic=False,
    if_flat="The photo has no edges: it is equally bright everywhere.",
)
