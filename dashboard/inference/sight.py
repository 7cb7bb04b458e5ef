"""A network before a picture, at the network's own size, ready to be corrupted."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass

import numpy as np

from dashboard.inference.model import Floats, Model
from dashboard.inference.preprocessing import Pixels, crop_view, normalize
from dashboard.inference.sessions import OnnxModel

_LIGHT = 50_000_000  # multiplications a picture: thousands of runs take a second or two
_SMALL = 64  # pixels a side: shown as the squares that they are


@dataclass(frozen=True, eq=False)
class Sight:
    """``picture`` (H, W, 3) is what the network sees; ``logits`` (K,) what it says of it.

    ``normalize`` makes network values (N, C, H, W) of pictures (N, H, W, 3), ``crop`` a picture of
    a photo (h, w, 3). ``key`` names network and photo; ``is_own`` tells a visitor's network.
    """

    model: Model
    key: tuple[str, str]
    picture: Pixels
    logits: Floats
    labels: tuple[str, ...]
    normalize: Callable[[Pixels], Floats]
    crop: Callable[[Pixels], Pixels]
    is_light: bool
    is_own: bool = False

    @property
    def target(self) -> int:
        """The answer to the untouched picture."""
        return int(self.logits.argmax())

    @property
    def is_grey(self) -> bool:
        """Whether the network sees brightness only."""
        return self.model.input_shape[0] == 1

    @property
    def is_small(self) -> bool:
        """Whether the picture is shown as squares."""
        return len(self.picture) < _SMALL

    def look(self) -> Floats:
        """Return the picture as the network takes it, (1, C, H, W)."""
        return self.normalize(self.picture[np.newaxis])

    def make_key(self, *what: Hashable) -> Hashable:
        """Return what names a result about this sight, and nothing else."""
        return (*self.key, "shift", *what)


def see_zoo(model: OnnxModel, pixels: Pixels, photo_key: str) -> Sight:
    """Return what a network of the zoo makes of a photo (h, w, 3)."""
    card = model.card
    picture = crop_view(pixels, card)
    return Sight(
        model=model,
        key=(model.sha256, photo_key),
        picture=picture,
        logits=model.predict(normalize(picture[np.newaxis], card))[0],
        labels=card.labels,
        normalize=lambda views: normalize(views, card),
        crop=lambda photo: crop_view(photo, card),
        is_light=card.macs < _LIGHT,
    )
