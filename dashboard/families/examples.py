"""One answer of each family: a class, a feeling, a picture."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard.generation.diffusion import create_schedule
from dashboard.generation.sampler import PredictNoise, Schedule, draw_noise, sample
from dashboard.inference.model import Floats
from dashboard.inference.probability import compute_probability


@dataclass(frozen=True, eq=False)
class Drawing:
    """How the diffusion model's card says to draw; ``passes`` is what one picture takes."""

    schedule: Schedule
    steps: int
    guidance: float

    @property
    def passes(self) -> int:
        """Two a step: with the class and without it."""
        return self.steps * (1 if self.guidance == 1 else 2)


def find_best(logits: Floats) -> tuple[int, float]:
    """Return the most probable class of logits (1, K) and its probability."""
    best = int(logits[0].argmax())
    return best, float(compute_probability(logits, best)[0])


def read_drawing(details: Mapping[str, Any]) -> Drawing:
    """Return what the card says of drawing."""
    return Drawing(create_schedule(details), int(details["steps"]), float(details["guidance"]))


def denoise(
    predict_noise: PredictNoise,
    label: int,
    seed: int,
    drawing: Drawing,
    move: Callable[[float], None],
) -> Floats:
    """Return the diffusion model's picture (1, 1, 28, 28) in [-1, 1] of a class.

    ``move`` is told the fraction done.
    """
    noise, labels = draw_noise(seed), np.array([label], np.int64)
    clean = noise
    steps = sample(predict_noise, noise, labels, drawing.schedule, drawing.steps, drawing.guidance)
    for index, step in enumerate(steps, 1):
        clean = step.clean
        move(index / drawing.steps)
    return clean


def show_pixels(image: Floats) -> NDArray[np.uint8]:
    """Return a picture (1, 1, H, W) in [-1, 1] as grey pixels (H, W, 3)."""
    grey = np.rint(127.5 * (image[0, 0] + 1)).clip(0, 255).astype(np.uint8)
    return np.repeat(grey[:, :, None], 3, axis=2)
