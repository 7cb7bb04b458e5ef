"""What is on trial: a network's answer to a picture, and the methods that are to explain it."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable
from dataclasses import dataclass
from functools import cached_property

import streamlit as st

from dashboard.attribution import METHODS
from dashboard.attribution.base import Method, Question
from dashboard.cache import ResultStore
from dashboard.channel_pictures import encode_url
from dashboard.explanation.flow import Subject
from dashboard.inference.model import Floats, Model
from dashboard.inference.preprocessing import Pixels
from dashboard.inference.probability import compute_probability
from dashboard.inference.sight import Sight
from dashboard.widgets.option_select import select_several
from dashboard.widgets.sight_select import get_store

CHOSEN = "box.methods"
DEFAULT_METHODS = ("saliency", "input_x_gradient", "grad_cam", "edges")
MAX_METHODS = 6


@dataclass(frozen=True, eq=False)
class Trial:
    """A network before a picture; the maps are about its own answer.

    ``name`` is the network's in the zoo, "" for a visitor's.
    """

    sight: Sight
    name: str

    @property
    def model(self) -> Model:
        """The network."""
        return self.sight.model

    @property
    def picture(self) -> Pixels:
        """What it sees, (H, W, 3)."""
        return self.sight.picture

    @cached_property
    def inputs(self) -> Floats:
        """The same as the network takes it, (1, C, H, W)."""
        return self.sight.look()

    @property
    def logits(self) -> Floats:
        """What it says, (K,)."""
        return self.sight.logits

    @property
    def target(self) -> int:
        """The class on trial."""
        return self.sight.target

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of the classes."""
        return self.sight.labels

    @property
    def store(self) -> ResultStore:
        """Where results about it are kept."""
        return get_store(self.sight)

    @property
    def probability(self) -> float:
        """What the network gives its answer."""
        return float(compute_probability(self.logits[None], self.target)[0])

    @property
    def question(self) -> Question:
        """Why this answer?"""
        return Question(self.inputs, self.target)

    @property
    def subject(self) -> Subject:
        """The same, for ``explain``."""
        return Subject(self.model, *self.sight.key)

    @property
    def is_light(self) -> bool:
        """Whether thousands of runs take no longer than a reader waits."""
        return self.sight.is_light

    @property
    def is_small(self) -> bool:
        """Whether the picture is shown as squares."""
        return self.sight.is_small

    @property
    def identity(self) -> str:
        """What tells this trial from others, in the browser."""
        return hashlib.sha256(" ".join(self.sight.key).encode("utf-8", "replace")).hexdigest()[:16]

    @cached_property
    def photo(self) -> str:
        """The picture as a data URL."""
        key = self.make_key("photo")
        return self.store.get_or_compute(key, lambda: encode_url(self.picture))

    def make_key(self, *what: Hashable) -> Hashable:
        """Return what names a result about this trial, and nothing else."""
        return (*self.sight.key, "box", *what)

    def describe(self, index: int, probability: float) -> str:
        """Return "espresso (93 %)"."""
        return f"{self.labels[index]} ({probability:.0%})"


def list_methods(trial: Trial) -> list[Method]:
    """Return the methods that work on this network, trivial ones last."""
    return [method for method in METHODS if method.is_compatible(trial.model) is None]


def select_methods(trial: Trial) -> list[Method]:
    """Draw the choice of a few methods; a field of the URL that the experiments share."""
    offered = {each.name: each for each in list_methods(trial) if each.name != "random"}

    names = select_several(
        CHOSEN,
        "Methods on trial",
        DEFAULT_METHODS,
        tuple(offered),
        lambda name: offered[name].label,
        help="RISE, KernelSHAP and Occlusion ask the network hundreds of times for every map.",
    )
    picked = [offered[name] for name in names]
    if not picked:
        st.info("Choose at least one method.")
    if len(picked) > MAX_METHODS:
        st.caption(f"The first {MAX_METHODS} of them are shown.")
    return picked[:MAX_METHODS]
