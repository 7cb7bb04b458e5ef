"""Corruptions and shifts, one or a family a file. A new one is one file and one entry here.

Reading the registry loads neither scipy nor skimage: a corruption imports them when it computes.
"""

from dashboard.stress import (
    brightness,
    colours,
    contrast,
    defocus_blur,
    elastic_transform,
    fog,
    frost,
    gaussian_blur,
    geometric,
    glass_blur,
    jpeg_compression,
    motion_blur,
    noise,
    occlusions,
    pixelate,
    resolution,
    saturate,
    snow,
    spatter,
    zoom_blur,
)
from dashboard.stress.base import Corruption, Suite

CORRUPTIONS: tuple[Corruption, ...] = (
    noise.GAUSSIAN,
    noise.SHOT,
    noise.IMPULSE,
    defocus_blur.CORRUPTION,
    glass_blur.CORRUPTION,
    motion_blur.CORRUPTION,
    zoom_blur.CORRUPTION,
    snow.CORRUPTION,
    frost.CORRUPTION,
    fog.CORRUPTION,
    brightness.CORRUPTION,
    contrast.CORRUPTION,
    elastic_transform.CORRUPTION,
    pixelate.CORRUPTION,
    jpeg_compression.CORRUPTION,
    noise.SPECKLE,
    gaussian_blur.CORRUPTION,
    spatter.CORRUPTION,
    saturate.CORRUPTION,
    geometric.ROTATION,
    geometric.TRANSLATION,
    geometric.SCALE,
    geometric.SHEAR,
    geometric.ASPECT,
    geometric.CROP,
    colours.HUE,
    colours.GAMMA,
    colours.WHITE_BALANCE,
    colours.VIGNETTE,
    colours.SIDE_LIGHT,
    resolution.CORRUPTION,
    occlusions.SQUARES,
    occlusions.STRIPE,
)

_BY_NAME = {corruption.name: corruption for corruption in CORRUPTIONS}


def get_corruption(name: str) -> Corruption:
    """Return the corruption called ``name``; raises KeyError if there is none."""
    return _BY_NAME[name]


def list_suites(*suites: Suite) -> tuple[Corruption, ...]:
    """Return the corruptions that belong to one of ``suites``, in the registry's order."""
    return tuple(each for each in CORRUPTIONS if each.suite in suites)


def list_corruptions(is_grey: bool) -> list[Corruption]:
    """Return the corruptions that change what a network sees."""
    return [each for each in CORRUPTIONS if not (is_grey and each.needs_colour)]
