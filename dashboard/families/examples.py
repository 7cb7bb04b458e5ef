"""One answer of each family: a class, a feeling, a picture."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from dashboard.inference.model import Floats
from dashboard.inference.probability import compute_probability

Array = NDArray[Any]


class Graph(Protocol):
    """Whatever runs a graph of the zoo."""

    def run(self, feed: Mapping[str, Array], outputs: Sequence[str] = ()) -> dict[str, Array]:
        """Return the named outputs."""
        ...


@dataclass(frozen=True)
class Words:
    """A text as a sentiment network takes it: ``tokens`` (1, T); ``unknown`` words, if any."""

    tokens: NDArray[np.int64]
    unknown: tuple[str, ...]


@dataclass(frozen=True)
class Schedule:
    """How the diffusion model's card says to draw; ``passes`` is what one picture takes."""

    alphas_bar: NDArray[np.float64]
    times: tuple[int, ...]
    no_class: int
    guidance: float

    @property
    def passes(self) -> int:
        """Two a step: with the class and without it."""
        return len(self.times) * (1 if self.guidance == 1 else 2)


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


def forge(generator: Graph, label: int, seed: int, latent: int) -> Floats:
    """Return the GAN's picture (1, 1, H, W) in [-1, 1] of a class, from ``latent`` numbers."""
    noise = np.random.default_rng(seed).standard_normal((1, latent), np.float32)
    return generator.run({"latent": noise, "label": np.array([label])}, ["image"])["image"]


def read_schedule(details: Mapping[str, Any]) -> Schedule:
    """Return what the card says of drawing: from the first time to 0, evenly spaced."""
    times = np.linspace(details["first_time"], 0, details["steps"])
    return Schedule(
        np.array(details["alphas_bar"]),
        tuple(round(time) for time in times),
        details["no_class"],
        details["guidance"],
    )


def denoise(
    denoiser: Graph, label: int, seed: int, schedule: Schedule, move: Callable[[float], None]
) -> Floats:
    """Return the diffusion model's picture (1, 1, 28, 28) in [-1, 1] of a class.

    DDIM (Song et al. 2021) with classifier-free guidance (Ho and Salimans 2022); ``move`` is told
    the fraction done.
    """
    image = np.random.default_rng(seed).standard_normal((1, 1, 28, 28), np.float32)
    clean = image
    for index, time in enumerate(schedule.times):
        kept = schedule.alphas_bar[time]
        noise = _predict_noise(denoiser, image, time, label, schedule)
        clean = np.clip((image - np.sqrt(1 - kept) * noise) / np.sqrt(kept), -1, 1)
        if index + 1 < len(schedule.times):
            # The noise that goes with the clipped guess: the two must add up to the image.
            rest = (image - np.sqrt(kept) * clean) / np.sqrt(1 - kept)
            left = schedule.alphas_bar[schedule.times[index + 1]]
            image = (np.sqrt(left) * clean + np.sqrt(1 - left) * rest).astype(np.float32)
        move((index + 1) / len(schedule.times))
    return clean.astype(np.float32)


def _predict_noise(
    denoiser: Graph, image: Floats, time: int, label: int, schedule: Schedule
) -> Floats:
    def run(which: int) -> Floats:
        feed = {"image": image, "time": np.array([time]), "label": np.array([which])}
        return denoiser.run(feed, ["noise"])["noise"]

    if schedule.guidance == 1:
        return run(label)
    plain = run(schedule.no_class)
    return plain + np.float32(schedule.guidance) * (run(label) - plain)


def show_pixels(image: Floats) -> NDArray[np.uint8]:
    """Return a picture (1, 1, H, W) in [-1, 1] as grey pixels (H, W, 3)."""
    grey = np.rint(127.5 * (image[0, 0] + 1)).clip(0, 255).astype(np.uint8)
    return np.repeat(grey[:, :, None], 3, axis=2)
