"""Trajectories of the diffusion network as arrays: from noise, and from an image of the reader's.

Images are in [-1, 1] (pixel / 127.5 - 1), (N, 1, 28, 28).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from dashboard.generation.sampler import PredictNoise, Schedule, Step, add_noise, draw_noise, sample
from dashboard.inference.graphs import OnnxGraph
from dashboard.inference.model import Floats, Ints

Move = Callable[[float], None]  # told the fraction done, in [0, 1]

LEVELS = 13  # strengths of noise that an own image is denoised from
LEVEL_STEPS = 10
PICTURES = 6  # of each network, side by side

_MAX_ROWS = 16  # a run of the network: more rows at once gain nothing on a processor


@dataclass(frozen=True)
class Wish:
    """What is asked of the network: a class (``no_class`` for none), seed, guidance and steps."""

    label: int
    seed: int
    guidance: float
    steps: int


@dataclass(frozen=True, eq=False)
class Trajectory:
    """The steps of one image, each array (steps, 28, 28).

    ``changes`` is what the class changed in the guess: guided minus unguided, in [-2, 2].
    """

    times: Ints
    images: Floats
    cleans: Floats
    changes: Floats


@dataclass(frozen=True, eq=False)
class Revival:
    """An image noised to several levels and denoised from each, arrays (levels, 28, 28)."""

    times: Ints
    noised: Floats
    denoised: Floats


def create_schedule(details: Mapping[str, Any]) -> Schedule:
    """Return the schedule that a card's details describe."""
    return Schedule(
        np.array(details["alphas_bar"], np.float64),
        int(details["first_time"]),
        int(details["no_class"]),
    )


def create_predictor(graph: OnnxGraph) -> PredictNoise:
    """Return the zoo's network as the sampler wants it."""

    def predict_noise(image: Floats, time: Ints, label: Ints) -> Floats:
        parts = [
            graph.run({"image": image[rows], "time": time[rows], "label": label[rows]})["noise"]
            for rows in (slice(i, i + _MAX_ROWS) for i in range(0, len(image), _MAX_ROWS))
        ]
        return np.concatenate(parts)

    return predict_noise


def trace(
    predict_noise: PredictNoise, schedule: Schedule, wish: Wish, move: Move | None = None
) -> Trajectory:
    """Return the way from the seed's noise to an image."""
    labels = np.array([wish.label], np.int64)
    steps = _collect(
        sample(predict_noise, draw_noise(wish.seed), labels, schedule, wish.steps, wish.guidance),
        wish.steps,
        move,
    )
    return Trajectory(
        times=np.concatenate([step.times for step in steps]),
        images=np.concatenate([step.image[:, 0] for step in steps]),
        cleans=np.concatenate([step.clean[:, 0] for step in steps]),
        changes=np.concatenate([(step.clean - step.clean_plain)[:, 0] for step in steps]),
    )


def revive(
    predict_noise: PredictNoise,
    schedule: Schedule,
    image: Floats,
    wish: Wish,
    move: Move | None = None,
) -> Revival:
    """Noise an image (28, 28) to ``LEVELS`` strengths with one noise, and denoise all together."""
    times = np.rint(np.linspace(0, schedule.first, LEVELS)).astype(np.int64)
    clean = np.repeat(image[None, None], LEVELS, axis=0).astype(np.float32)
    noised = add_noise(clean, draw_noise(wish.seed), times, schedule)
    labels = np.full(LEVELS, wish.label, np.int64)
    steps = _collect(
        sample(predict_noise, noised, labels, schedule, wish.steps, wish.guidance, times),
        wish.steps,
        move,
    )
    return Revival(times, noised[:, 0], steps[-1].clean[:, 0])


def generate(
    predict_noise: PredictNoise,
    schedule: Schedule,
    wish: Wish,
    count: int = PICTURES,
    move: Move | None = None,
) -> Floats:
    """Return ``count`` images (count, 28, 28) of one class, from the seed and those after it."""
    noise = np.concatenate([draw_noise(wish.seed + i) for i in range(count)])
    labels = np.full(count, wish.label, np.int64)
    steps = sample(predict_noise, noise, labels, schedule, wish.steps, wish.guidance)
    return _collect(steps, wish.steps, move)[-1].clean[:, 0]


def run_generator(graph: OnnxGraph, label: int, seed: int, count: int = PICTURES) -> Floats:
    """Return ``count`` images (count, 28, 28) of the GAN, in one run."""
    size = graph.spec.inputs["latent"].axes[1]
    assert isinstance(size, int)
    draws = [np.random.default_rng(seed + i).standard_normal(size) for i in range(count)]
    latent = np.stack(draws).astype(np.float32)
    labels = np.full(count, label, np.int64)
    images: Floats = graph.run({"latent": latent, "label": labels})["image"][:, 0]
    return images


def _collect(steps: Iterator[Step], count: int, move: Move | None) -> list[Step]:
    taken: list[Step] = []
    for step in steps:
        taken.append(step)
        if move is not None:
            move(len(taken) / count)
    return taken
