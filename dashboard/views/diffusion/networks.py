"""The networks of the page on diffusion, opened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dashboard import cache
from dashboard.generation.diffusion import create_predictor, create_schedule
from dashboard.generation.diffusion_pictures import Judge
from dashboard.generation.sampler import PredictNoise, Schedule
from dashboard.inference.cards import ModelCard

DENOISER, GENERATOR = "denoiser.fashion_mnist", "generator.fashion_mnist"


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
            judge=cache.get_judge(),
        )

    return cache.get_results().get_or_compute((DENOISER, "diffusion"), create)
