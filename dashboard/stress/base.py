"""What a corruption is, and the flow that all of them share.

A corruption says what one level does to one image; tables, seeds, checks and rounding live here.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Level = tuple[float, ...]
"""The parameters of one severity, in the units that the corruption's module names."""
Compute = Callable[[Pixels, Level, np.random.Generator], NDArray[Any]]

# Making a generator costs as much as a tenth of the quickest corruptions, which draw nothing.
_UNUSED = np.random.default_rng(0)

Group = Literal["noise", "blur", "weather", "digital", "geometric", "colour", "occlusion"]
GROUPS: tuple[Group, ...] = (
    "noise",
    "blur",
    "weather",
    "digital",
    "geometric",
    "colour",
    "occlusion",
)

Suite = Literal["benchmark", "extra", "ours"]
"""ImageNet-C's 15, over which it averages; the 4 that it keeps for validation; and our shifts."""

MAX_SEVERITY = 5
# The published tables are for 224 px (ImageNet-C) and 32 px (CIFAR-10-C). An image belongs to the
# nearer one by its longer side; 28-px clothes and digits are small, 64 px is not.
SMALL_SIDE = 48

IMAGENET_C = "Hendrycks and Dietterich 2019, https://arxiv.org/abs/1903.12261"
MNIST_C = "levels of Mu and Gilmer 2019 (MNIST-C), https://arxiv.org/abs/1906.02337"


@dataclass(frozen=True)
class Corruption:
    """One corruption: everything that a page must know to offer it, and the computation itself.

    ``compute`` gets one image (H, W, C), the level and a generator, and returns the image in grey
    levels (any dtype; clipped and truncated here). It may neither write to its input nor draw
    from elsewhere; ``is_random`` is false where it draws nothing. ``levels`` are the parameters of
    severities 1 to 5, ``small_levels`` those of images of at most SMALL_SIDE pixels, where they
    differ. ``is_monotone`` is false where the published table does not move away from the original
    level by level. ``needs_colour``: grey images come out unchanged. ``keeps_grey`` is false where
    a grey image of three channels gets colours, e.g. from noise drawn for each channel.
    """

    name: str
    label: str
    group: Group
    summary: str
    source: str
    compute: Compute
    levels: tuple[Level, ...]
    suite: Suite
    is_random: bool
    small_levels: tuple[Level, ...] | None = None
    is_monotone: bool = True
    needs_colour: bool = False
    keeps_grey: bool = True

    @property
    def severities(self) -> tuple[int, ...]:
        """0, which changes nothing, to 5."""
        return tuple(range(len(self.levels) + 1))

    @property
    def help(self) -> str:
        """The corruption in plain words: the docstring of its module."""
        return sys.modules[self.compute.__module__].__doc__ or ""

    def get_level(self, severity: int, size: tuple[int, int]) -> Level:
        """Return the parameters of ``severity`` (1 to 5) for an image of (height, width)."""
        is_small = self.small_levels is not None and max(size) <= SMALL_SIDE
        table = self.small_levels if is_small and self.small_levels else self.levels
        return table[severity - 1]

    def apply(self, images: Pixels, severity: int, seed: int = 0) -> Pixels:
        """Return corrupted copies of ``images`` (N, H, W, C), uint8, same shape and dtype.

        Image n draws from a generator of its own, seeded with (``seed``, n): it does not matter
        how many follow. Severity 0 is the identity.

        Raises:
            ValueError: the severity is not 0 to 5, the seed is negative, or the images are not
                uint8 of shape (N, H, W, C) with at least one pixel.
        """
        _check(images, severity, seed)
        if severity == 0:
            return images.copy()
        level = self.get_level(severity, (images.shape[1], images.shape[2]))
        corrupted = np.empty_like(images)
        for n, image in enumerate(images):
            rng = np.random.default_rng((seed, n)) if self.is_random else _UNUSED
            values = self.compute(image, level, rng)
            if values.dtype == np.uint8:
                corrupted[n] = values
            else:  # truncated, not rounded, as the published data sets were written
                np.clip(values, 0, 255, out=corrupted[n], casting="unsafe")
        return corrupted


create_published = partial(Corruption, suite="benchmark", source=IMAGENET_C)
"""Declare one of ImageNet-C's 19; the four that it keeps for validation say "extra"."""


def _check(images: Pixels, severity: int, seed: int) -> None:
    is_whole = isinstance(severity, int | np.integer) and not isinstance(severity, bool)
    if not is_whole or not 0 <= severity <= MAX_SEVERITY:
        raise ValueError(
            f"The severity must be a whole number from 0 to {MAX_SEVERITY}, not {severity!r}."
        )
    if seed < 0:
        raise ValueError(f"The seed must not be negative, and it is {seed}.")
    if images.ndim != 4 or images.dtype != np.uint8 or 0 in images.shape[1:]:
        raise ValueError(
            "Images must be whole numbers from 0 to 255 (uint8) in the shape (N, H, W, C), "
            f"not {images.dtype} {images.shape}."
        )


def corrupt_views(
    views: Pixels, corruption: Corruption, severity: int, is_grey: bool, seed: int = 0
) -> Pixels:
    """Return views (N, H, W, 3) corrupted; grey ones get the same noise in all three channels."""
    if not is_grey:
        return corruption.apply(views, severity, seed)
    grey: Pixels = np.repeat(corruption.apply(views[..., :1], severity, seed), 3, axis=3)
    return grey
