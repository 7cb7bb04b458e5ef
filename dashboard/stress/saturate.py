"""Saturation: colours are washed out (levels 1 and 2) or made garish (levels 3 to 5).

The saturation of HSV is multiplied and shifted; hue and value stay. Grey has no hue, and the
published code gives it red's, so at levels 4 and 5 greys turn reddish; so they do here. The table
goes down first and up afterwards, so a higher level is not always further from the original.
"""

from __future__ import annotations

import numpy as np

from dashboard.inference.model import Floats
from dashboard.stress.base import Level, Pixels, create_published


def compute(image: Pixels, level: Level, rng: np.random.Generator) -> Floats | Pixels:
    """Multiply the saturation by ``level[0]`` and add ``level[1]``; grey images are returned."""
    if image.shape[2] != 3:
        return image
    planes = image.transpose(2, 0, 1).astype(np.float32)  # (3, H, W)
    value = planes.max(axis=0)
    drop = value - planes.min(axis=0)
    saturation = drop / np.maximum(value, 1)
    wanted = np.clip(saturation * np.float32(level[0]) + np.float32(level[1]), 0, 1)
    ratio = np.divide(wanted, saturation, out=np.zeros_like(wanted), where=drop > 0)
    result = value - (value - planes) * ratio
    is_grey = drop == 0
    result[1:, is_grey] = ((1 - wanted) * value)[is_grey]
    # 0.01 of a grey level keeps float32's rounding from truncating whole values one level down.
    saturated: Floats = result.transpose(1, 2, 0) + np.float32(0.01)
    return saturated


CORRUPTION = create_published(
    name="saturate",
    label="Saturation",
    group="colour",
    suite="extra",
    summary="Colours washed out at first, garish at the higher levels.",
    compute=compute,
    is_random=False,
    levels=((0.3, 0), (0.1, 0), (2, 0), (5, 0.1), (20, 0.2)),
    small_levels=((0.3, 0), (0.1, 0), (1.5, 0), (2, 0.1), (2.5, 0.2)),
    is_monotone=False,
    needs_colour=True,
)
