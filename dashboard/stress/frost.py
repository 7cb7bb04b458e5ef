"""Frost: ice crystals on the lens, mixed over the picture.

The benchmark mixes in photographs of frosted panes; here the ice is made anew for every image, so
this one corruption can be compared with published results only roughly. The ice is the sum of
ridged random fields at two scales: thin bright veins where a smooth field crosses zero. The
published shares take away picture while they add ice, so a higher level is not always further
from the original in grey levels.
"""

from __future__ import annotations

import numpy as np

from dashboard.inference.model import Floats
from dashboard.stress.base import IMAGENET_C, Corruption, Level, Pixels
from dashboard.stress.planes import create_image, create_planes, tint

# With these the ice is as bright as the benchmark's five photographs: their mean is (146, 167, 178)
# in red, green and blue.
_ICE = (0.85, 0.97, 1.0)
_GROUND = 0.45  # between the veins
# The smoothness of each field as the power by which its amplitude falls with frequency, and its
# weight: broad veins first, then crystals.
_FIELDS = ((1.9, 0.65), (1.2, 0.35))


def create_ice(size: tuple[int, int], rng: np.random.Generator) -> Floats:
    """Return a layer of ice (H, W) in [0, 1], 1 where it is white."""
    from scipy import fft

    # A little larger than the picture: the fields wrap round.
    rows, columns = (fft.next_fast_len(n + 8, real=True) for n in size)
    frequency = np.hypot(fft.fftfreq(rows)[:, np.newaxis], fft.rfftfreq(columns))
    # Structures wider than an eighth of the picture would be fog, not ice.
    octaves = np.log(np.maximum(frequency, 8 / max(rows, columns))).astype(np.float32)
    ice = np.full(size, _GROUND, np.float32)
    for power, weight in _FIELDS:
        noise = fft.rfft2(rng.standard_normal((rows, columns), dtype=np.float32))
        noise *= np.exp(-power * octaves)  # amplitude = frequency^-power
        noise[0, 0] = 0
        field = fft.irfft2(noise, (rows, columns))[: size[0], : size[1]]
        ice += (
            (1 - _GROUND) * weight * np.exp(np.abs(field) * (-1.5 / max(float(field.std()), 1e-9)))
        )
    return ice


def compute(image: Pixels, level: Level, rng: np.random.Generator) -> Floats:
    """Keep a share ``level[0]`` of the image and add a share ``level[1]`` of the ice."""
    ice = create_ice((image.shape[0], image.shape[1]), rng)
    colour = tint(_ICE, image.shape[2])[:, np.newaxis, np.newaxis]  # (C, 1, 1)
    planes = np.float32(level[0]) * create_planes(image)
    planes += np.float32(255 * level[1]) * ice * colour
    return create_image(planes)


CORRUPTION = Corruption(
    name="frost",
    label="Frost",
    group="weather",
    suite="benchmark",
    summary="Ice crystals on the lens; made by computer, not the benchmark's photographs of ice.",
    source=f"shares of {IMAGENET_C}; the ice is ours",
    compute=compute,
    is_random=True,
    levels=((1, 0.4), (0.8, 0.6), (0.7, 0.7), (0.65, 0.7), (0.6, 0.75)),
    small_levels=((1, 0.2), (1, 0.3), (0.9, 0.4), (0.85, 0.4), (0.75, 0.45)),
    is_monotone=False,
    keeps_grey=False,
)
