"""Background swap: the same object in front of another scene, where a mask of the object exists.

It needs a second picture, so it is a function beside the registry, not an entry of it.
Source: Xiao et al. 2021, "Noise or signal", https://arxiv.org/abs/2006.09994 ("mixed" pictures).
"""

from __future__ import annotations

import numpy as np

from dashboard.inference.model import Floats
from dashboard.stress.base import Pixels


def swap_background(images: Pixels, masks: Floats, background: Pixels) -> Pixels:
    """Return ``images`` (N, H, W, C) in front of ``background`` (H, W, C).

    ``masks`` (N, H, W) is the share of each pixel that is object, in [0, 1].

    Raises:
        ValueError: the shapes do not fit, or a mask leaves [0, 1].
    """
    if masks.shape != images.shape[:3] or background.shape != images.shape[1:]:
        raise ValueError("Images, masks and the background must have the same height and width.")
    if not (masks.min(initial=0) >= 0 and masks.max(initial=0) <= 1):
        raise ValueError("A mask must lie between 0 (background) and 1 (object).")
    share = masks[..., np.newaxis].astype(np.float32)
    return np.round(share * images + (1 - share) * background).astype(np.uint8)
