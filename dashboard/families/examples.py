"""One answer of each family: a class, a feeling, a picture."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard.generation.diffusion import create_schedule
from dashboard.generation.sampler import PredictNoise, Schedule, draw_noise, sample
from dashboard.inference.model import Floats
from dashboard.inference.probability import compute_probability


@dataclass(frozen=True)
class Words:
    """A text as a sentiment network takes it: ``tokens`` (1, T); ``unknown`` words, if any."""

    tokens: NDArray[np.int64]
    unknown: tuple[str, ...]


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


def number_words(text: str, rules: Mapping[str, Any], numbers: Mapping[str, int]) -> Words | None:
    """Return the text's last ``rules["longest"]`` words as numbers, None where there are none.

    ``rules`` are the card's (``export/datasets/imdb.py`` made them); ``numbers`` maps the words of
    the vocabulary to their places in it.
    """
    straight = re.sub(rules["break"], " ", text.lower().replace("\u2019", "'"))
    words = re.findall(rules["pattern"], straight)[-rules["longest"] :]
    if not words:
        return None
    tokens = [numbers.get(word, rules["unknown"]) for word in words]
    unknown = dict.fromkeys(word for word in words if word not in numbers)
    return Words(np.array([tokens], np.int64), tuple(unknown))


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
