"""What a method of attribution is, and the flow that all of them share."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from threading import Lock
from typing import Literal

import numpy as np

from dashboard.attribution.params import Param, Params
from dashboard.inference.model import Floats, Model
from dashboard.inference.sight import Sight

Progress = Callable[[float], None]
"""Told the fraction done in [0, 1]; may raise to stop the computation."""


def ignore_progress(fraction: float) -> None:
    """Listen to nobody: the default listener."""


@dataclass(frozen=True)
class Question:
    """What is to be explained: why this score for this input?

    ``inputs`` is one preprocessed image (1, C, H, W); ``target`` a class index; ``versus`` the
    class it is contrasted with, or None. ``seed`` makes every method deterministic.
    """

    inputs: Floats
    target: int
    versus: int | None = None
    seed: int = 0


def ask_about(sight: Sight) -> Question:
    """Return the question why the network gives the answer that it gives."""
    return Question(sight.inputs, sight.target)


@dataclass(frozen=True)
class Attribution:
    """A method's answer.

    ``attributions`` is (1, C, H, W), or (1, 1, H, W) where a method has no opinion on channels.
    ``score_difference`` is score(inputs) - score(baselines) where the method's theory promises that
    the attributions add up to it, else None; ``convergence_delta`` is by how much the computed ones
    miss it, sum(attributions) - score_difference, and None where they are made to add up.
    ``mean`` (1, C, H, W) is the mean of random draws whose absolute value the attributions are.
    """

    attributions: Floats
    convergence_delta: float | None = None
    score_difference: float | None = None
    mean: Floats | None = None


class NotFinite(ValueError):
    """A method gave values that are infinite or no numbers; the message is one sentence."""


_LOADING = Lock()


def load_libraries(libraries: Sequence[str]) -> None:
    """Import what a method needs, one visitor at a time.

    Libraries that import each other in circles (scipy, through torch and skimage at once) can be
    seen half made by a second thread, because Python breaks a deadlock of imports that way.
    """
    # Also when they are in sys.modules: another thread may be in the middle of importing them.
    with _LOADING:
        for name in libraries:
            import_module(name)


@dataclass(frozen=True)
class Method:
    """One method: everything that a page must know to offer it, and the computation itself.

    ``is_signed`` maps have values below zero, which speak against the class; ``is_stochastic`` ones
    differ from seed to seed, and ``budget`` is the parameter that says how many independent draws
    they are a mean of ("" where there is none). ``completeness`` says whether the attributions add
    up to the difference of the score: each map does as far as it has converged, the mean over seeds
    does, each is made to and cannot miss it, or (None) nothing is promised. ``if_flat`` is what it
    means if the map is the same everywhere, in one sentence.
    ``libraries`` are the modules that ``compute`` imports. ``is_baseline`` marks the trivial maps
    that every other is judged against. ``channels`` says how (1, C, H, W) becomes one heat map.
    """

    name: str
    label: str
    summary: str
    source: str
    compute: Callable[[Model, Question, Params, Progress], Attribution]
    is_signed: bool
    is_stochastic: bool
    completeness: Literal["exact", "in expectation", "by construction"] | None = None
    params: Sequence[Param] = field(default=())
    libraries: Sequence[str] = ()
    is_baseline: bool = False
    needs_gradients: bool = False
    needs_layer: bool = False
    channels: Literal["sum", "max"] = "sum"
    budget: str = ""
    if_flat: str = "The map is the same everywhere: it puts no pixel above another."

    @property
    def help(self) -> str:
        """The method in plain words: the docstring of its module."""
        return sys.modules[self.compute.__module__].__doc__ or ""

    def is_compatible(self, model: Model) -> str | None:
        """Return None if the method works on ``model``, else one sentence that says why not."""
        if self.needs_gradients and not model.has_gradients:
            return f"{self.label} needs gradients, and this model has none."
        if self.needs_layer and not model.layers:
            return f"{self.label} needs a convolutional layer, and this model names none."
        return None

    def attribute(
        self,
        model: Model,
        question: Question,
        params: Params,
        progress: Progress = ignore_progress,
    ) -> Attribution:
        """Compute the attributions; raise NotFinite if they are not."""
        load_libraries(self.libraries)
        result = self.compute(model, question, params, progress)
        if not np.isfinite(result.attributions).all():
            raise NotFinite(f"{self.label} gave values that are not finite.")
        return result

    def compute_heat(self, attribution: Attribution) -> Floats:
        """Return the (H, W) heat map of an attribution."""
        values = attribution.attributions[0]  # (C, H, W)
        heat: Floats = values.sum(axis=0) if self.channels == "sum" else values.max(axis=0)
        return heat


create_baseline = partial(Method, source="A trivial baseline", is_signed=False, is_baseline=True)
"""Declare a trivial map, which every other is judged against."""
