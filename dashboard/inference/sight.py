"""A network before a picture: what it sees, what it says, and what names results about both."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from dashboard.inference.counts import tell_share
from dashboard.inference.images import Photo
from dashboard.inference.model import Floats, Model
from dashboard.inference.preprocessing import Pixels, crop_view, normalize
from dashboard.inference.probability import compute_probability

if TYPE_CHECKING:  # who reads a report needs no ONNX Runtime
    from dashboard.inference.sessions import OnnxModel

_LIGHT = 50_000_000  # multiplications a picture: thousands of runs take a second or two
_SMALL = 64  # pixels a side: shown as the squares that they are


@dataclass(frozen=True)
class ModelFacts:
    """The network: ``files`` maps each file's name to its SHA-256; ``provider`` ran it."""

    name: str
    title: str
    files: Mapping[str, str]
    provider: str


@dataclass(frozen=True, eq=False)
class Sight:
    """``picture`` (H, W, 3) is what the network sees; ``logits`` (K,) what it says of it.

    ``normalize`` makes network values (N, C, H, W) of pictures (N, H, W, 3), ``crop`` a picture of
    a photo (h, w, 3). ``key`` names network and photo; ``is_own`` tells a visitor's network.
    """

    model: Model
    facts: ModelFacts
    key: tuple[str, str]
    picture: Pixels
    logits: Floats
    labels: tuple[str, ...]
    normalize: Callable[[Pixels], Floats]
    crop: Callable[[Pixels], Pixels]
    is_light: bool
    is_own: bool = False

    @cached_property
    def inputs(self) -> Floats:
        """The picture as the network takes it, (1, C, H, W)."""
        return self.normalize(self.picture[np.newaxis])

    @property
    def target(self) -> int:
        """The answer to the untouched picture."""
        return int(self.logits.argmax())

    @cached_property
    def ranking(self) -> tuple[int, ...]:
        """Class indices, the most probable first."""
        return tuple(int(index) for index in np.argsort(-self.logits, kind="stable"))

    @property
    def is_grey(self) -> bool:
        """Whether the network sees brightness only."""
        return self.model.input_shape[0] == 1

    @property
    def is_small(self) -> bool:
        """Whether the picture is shown as squares."""
        return len(self.picture) < _SMALL

    @cached_property
    def identity(self) -> str:
        """What tells this sight from others, in the browser."""
        text = " ".join((*self.key, *self.labels))
        return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]

    def compute_probability(self, index: int) -> float:
        """Return what the network gives a class, in [0, 1]."""
        return float(compute_probability(self.logits[np.newaxis], index)[0])

    def describe(self, index: int, probability: float | None = None) -> str:
        """Return "espresso (93 %)", by default with the probability that the network gives it."""
        share = self.compute_probability(index) if probability is None else probability
        return f"{self.labels[index]} ({tell_share(share)})"

    def make_key(self, *what: Hashable) -> Hashable:
        """Return what names a result about this sight that may tell classes by their names."""
        return (*self.key, self.labels, *what)

    def make_nameless_key(self, *what: Hashable) -> Hashable:
        """Return what names a result without names of classes: other names leave it as it is."""
        return (*self.key, *what)


def make_sight_key(network: str, photo: str, labels: tuple[str, ...]) -> Hashable:
    """Return what names a sight itself: its network and photo by their keys, and its labels."""
    return (network, photo, labels, "sight")


def see_zoo(model: OnnxModel, photo: Photo) -> Sight:
    """Return what a network of the zoo makes of a photo."""
    card = model.card
    picture = crop_view(photo.pixels, card)
    return Sight(
        model=model,
        facts=ModelFacts(card.name, card.title, card.files, model.provider),
        key=(model.sha256, photo.sha256),
        picture=picture,
        logits=model.predict(normalize(picture[np.newaxis], card))[0],
        labels=card.labels,
        normalize=lambda views: normalize(views, card),
        crop=lambda photo: crop_view(photo, card),
        is_light=card.macs < _LIGHT,
    )
