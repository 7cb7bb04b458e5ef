"""The networks of the page on diffusion, opened, and the work on them with its progress."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import streamlit as st

from dashboard import cache, state
from dashboard.generation.diffusion import Move, create_predictor, create_schedule
from dashboard.generation.diffusion_pictures import Judge, to_grey
from dashboard.generation.sampler import PredictNoise, Schedule
from dashboard.inference.cards import ModelCard
from dashboard.inference.model import Doubles, Floats
from dashboard.inference.preprocessing import normalize
from dashboard.inference.probability import compute_probabilities
from dashboard.inference.zoo import ZooError

T = TypeVar("T")

DENOISER, GENERATOR, CNN = "denoiser.fashion_mnist", "generator.fashion_mnist", "cnn.fashion_mnist"


@dataclass(frozen=True, eq=False)
class Diffusion:
    """The noise predictor, opened; ``judge`` is the zoo's CNN, None where it cannot be read."""

    card: ModelCard
    labels: Sequence[str]
    predict_noise: PredictNoise
    schedule: Schedule
    judge: Judge

    def name_label(self, label: int) -> str:
        """Return a class's name; the last one after all is "no class"."""
        return self.labels[label] if label < len(self.labels) else "no class"


def open_diffusion() -> Diffusion:
    """Return the network and what it needs, opened once for all; raises ZooError."""
    graph = cache.get_graph(DENOISER)

    def create() -> Diffusion:
        return Diffusion(
            card=graph.card,
            labels=graph.card.labels,
            predict_noise=create_predictor(graph),
            schedule=create_schedule(graph.card.details),
            judge=open_judge(),
        )

    return cache.get_results().get_or_compute((DENOISER, "diffusion"), create)


def compute_with_bar(key: Hashable, text: str, compute: Callable[[Move], T]) -> T:
    """Return the result kept under ``key``, or compute it under a progress bar."""
    store = cache.get_results()
    if store.has(key):
        return store.get_or_compute(key, lambda: compute(lambda _: None))
    state.write_url()  # a link copied meanwhile is right
    bar = st.progress(0.0, text)
    result = store.get_or_compute(key, lambda: compute(lambda done: _move(bar, done, text)))
    bar.empty()
    return result


def _move(bar: st.delta_generator.DeltaGenerator, done: float, text: str) -> None:
    bar.progress(min(done, 1.0), text)


def open_judge() -> Judge:
    """Return what the zoo's CNN makes of pictures, None where it cannot be read."""
    try:
        model = cache.get_model(CNN)
    except ZooError:
        return None

    def judge(images: Floats) -> Doubles:
        views = np.repeat(to_grey(images)[..., None], 3, axis=3)  # (N, 28, 28, 3)
        return compute_probabilities(model.predict(normalize(views, model.card)))

    return judge
