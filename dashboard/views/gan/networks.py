"""The networks of the page on GANs, opened, and what reads them."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from dashboard import cache
from dashboard.generation.diffusion_pictures import Judge, from_grey
from dashboard.generation.replay import Labels
from dashboard.inference.cards import ModelCard
from dashboard.inference.counts import tell_share
from dashboard.inference.graphs import OnnxGraph
from dashboard.inference.model import Floats

GENERATOR, COLLAPSED = "generator.fashion_mnist", "generator_collapsed.fashion_mnist"
DISCRIMINATOR = "discriminator.fashion_mnist"


@dataclass(frozen=True, eq=False)
class Gan:
    """Both networks as they ended; ``judge`` is the zoo's CNN, None where it is missing."""

    generator: OnnxGraph
    discriminator: OnnxGraph
    labels: Sequence[str]
    judge: Judge

    @property
    def card(self) -> ModelCard:
        """The generator's card."""
        return self.generator.card

    @property
    def latent(self) -> int:
        """How many numbers a latent has."""
        return int(self.card.details["latent"])


def open_gan() -> Gan:
    """Return the networks, opened once for all; raises ZooError."""
    generator, discriminator = cache.get_graph(GENERATOR), cache.get_graph(DISCRIMINATOR)

    def create() -> Gan:
        return Gan(generator, discriminator, generator.card.labels, cache.get_judge())

    return cache.get_results().get_or_compute(make_key("networks"), create)


def make_key(*what: Hashable) -> Hashable:
    """Return what names a result of this page in the store."""
    return ("gan", *what)


def open_moment(name: str, member: str) -> OnnxGraph:
    """Return a network at a moment of its training; not kept, since a replay needs it once."""
    return OnnxGraph(cache.ZOO / name, "predict.onnx", member)


def load_real(count: int) -> tuple[Floats, Labels]:
    """Return test pictures (count, 28, 28) in [-1, 1] and their classes."""
    garments = cache.get_small_pictures()
    return from_grey(garments.grey[:count]), garments.labels[:count]


def recognise(gan: Gan, image: Floats) -> tuple[int, float] | None:
    """Return the class that the CNN sees in a picture (28, 28) and its probability, if it is there.

    Kept: a page asks for the name that it offers, and again for what it says.
    """
    judge = gan.judge
    if judge is None:
        return None

    def look() -> tuple[int, float]:
        probs = judge(image[np.newaxis])[0]
        return int(probs.argmax()), float(probs.max())

    return cache.get_results().get_or_compute(make_key("seen", image.tobytes()), look)


def describe_seen(gan: Gan, seen: tuple[int, float] | None) -> str:
    """Return what the CNN calls a picture, "" where it is missing."""
    return (
        "" if seen is None else f"The CNN calls it {gan.labels[seen[0]]} ({tell_share(seen[1])})."
    )
