"""The sampler that the published figures of the diffusion model were measured with, written out.

One time for all rows, and the passes with and without the class one after the other.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from dashboard.generation.sampler import PredictNoise
from dashboard.inference.model import Doubles, Floats, Ints


@dataclass(frozen=True)
class Step:
    time: int
    image: Floats
    clean: Floats
    guided: Floats
    change: Floats


def sample(
    predict_noise: PredictNoise,
    noise: Floats,
    labels: Ints,
    no_class: int,
    alphas_bar: Doubles,
    steps: int,
    guidance: float = 1.0,
    first: int | None = None,
) -> Iterator[Step]:
    image, none = noise, np.full_like(labels, no_class)
    start = int(np.flatnonzero(alphas_bar >= 0.001)[-1]) if first is None else first
    chosen = [round(each) for each in np.linspace(start, 0, steps)]
    for time, following in zip(chosen, [*chosen[1:], None], strict=True):
        when = np.full_like(labels, time)
        guided, change = predict_noise(image, when, labels), np.zeros_like(image)
        if guidance != 1:
            plain = predict_noise(image, when, none)
            change = np.float32(guidance) * (guided - plain)
            guided = plain + change
        signal, spread = np.sqrt(alphas_bar[time]), np.sqrt(1 - alphas_bar[time])
        clean = np.clip((image - spread * guided) / signal, -1, 1).astype(np.float32)
        yield Step(time, image, clean, guided, change)
        if following is not None:
            rest = (image - signal * clean) / spread
            kept = alphas_bar[following]
            image = (np.sqrt(kept) * clean + np.sqrt(1 - kept) * rest).astype(np.float32)
