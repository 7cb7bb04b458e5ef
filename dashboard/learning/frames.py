"""What the page *Fundamentals* shows, computed once: frames that the browser plays and scrubs."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

import numpy as np

from dashboard.learning.descent import Descent, Verdict, descend
from dashboard.learning.mlp import Network, backward, create_mlp, forward
from dashboard.learning.polynomial import (
    Samples,
    compute_curve,
    create_samples,
    find_best,
    fit_degrees,
)
from dashboard.learning.problems import Split, create_split, get_problem
from dashboard.learning.surfaces import Point, Surface, compute_heights, get_surface
from dashboard.learning.train import Frame, Settings, has_diverged, train

Scene = dict[str, Any]  # plain JSON for a browser component

SIZES = (2, 4, 3, 1)  # small enough that every edge can carry its number
N_TRAIN, N_TEST, N_STEPS = 60, 200, 300
# One by one to where 15 samples are met exactly, then wider apart but where 30 are.
DEGREES = (*range(18), 20, 22, 25, 27, 28, 29, 30, 31, 32, 34, 37, 40, 45, 50, 60)
_DIGITS = 5


@dataclass(frozen=True)
class Lesson:
    """How the small network is taught: by plain gradient descent, all points at every step."""

    problem: str = "xor"
    activation: str = "tanh"
    rate: float = 1.0
    seed: int = 0


@dataclass(frozen=True)
class Walk:
    """A descent to try: where it starts, how it steps, and how it has to end."""

    name: str
    label: str
    surface: str
    start: Point
    rate: float
    momentum: float
    verdict: Verdict


# Each ends as its verdict says: the tests walk them all.
WALKS: tuple[Walk, ...] = (
    Walk("local", "Wrong valley", "two_valleys", (1.7, 1.5), 0.05, 0.0, Verdict.LOCAL_MINIMUM),
    Walk("global", "Right valley", "two_valleys", (-0.2, 1.5), 0.05, 0.0, Verdict.GLOBAL_MINIMUM),
    Walk(
        "escape", "Momentum escapes", "two_valleys", (1.7, 1.5), 0.05, 0.8, Verdict.GLOBAL_MINIMUM
    ),
    Walk("oscillates", "Oscillates", "ravine", (-1.8, 0.8), 0.08, 0.0, Verdict.OSCILLATING),
    Walk("crawls", "Crawls", "ravine", (-1.8, 0.8), 0.001, 0.0, Verdict.CRAWLING),
    Walk("diverges", "Diverges", "ravine", (-1.8, 0.8), 0.1, 0.0, Verdict.DIVERGED),
    Walk(
        "momentum", "Momentum in a ravine", "ravine", (-1.8, 0.8), 0.02, 0.8, Verdict.GLOBAL_MINIMUM
    ),
    Walk("saddle", "Stuck on a pass", "saddle", (1.6, 0.0), 0.2, 0.0, Verdict.SADDLE),
    Walk("neuron", "A real neuron", "neuron", (4.0, 2.0), 6.0, 0.0, Verdict.LOCAL_MINIMUM),
)


def create_network_scene(lesson: Lesson) -> Scene:
    """Return the points and, for every step of the training, weights, gradients and scores.

    ``frames[t].w`` are the parameters in the order of ``Network.flatten``; ``g`` the mean loss's
    gradients by them, so that ``w`` of the next frame is w - rate g.
    """
    split = create_split(get_problem(lesson.problem), N_TRAIN, N_TEST, None, lesson.seed)
    network = create_mlp(SIZES, lesson.activation, lesson.seed)
    settings = Settings("gradient_descent", lesson.rate, N_TRAIN, N_STEPS, lesson.seed)
    frames = list(train(network, split, settings))
    return {
        "sizes": list(SIZES),
        "activation": lesson.activation,
        "rate": lesson.rate,
        "points": split.train.inputs.round(3).tolist(),
        "labels": split.train.labels.tolist(),
        "frames": [_encode_frame(frame, split) for frame in frames],
        "diverged": has_diverged(frames, settings),
    }


def _encode_frame(frame: Frame, split: Split) -> Scene:
    network: Network = frame.network
    gradients = backward(network, forward(network, split.train.inputs), split.train.labels)
    return {
        "w": network.flatten().round(_DIGITS).tolist(),
        "g": gradients.flatten().round(_DIGITS).tolist(),
        "loss": round(frame.train.loss, _DIGITS),
        "test_loss": round(frame.test.loss, _DIGITS),
        "accuracy": round(frame.test.accuracy, 4),
    }


def create_descent_scene(walk: Descent, surface: Surface) -> Scene:
    """Return a walk over its map; ``heights`` are bytes 0-255, (81, 81) in base64, lowest y first.

    Heights are ranked by their root, which keeps the valleys apart where a wall is high.
    """
    _, _, heights = compute_heights(surface)
    low, high = float(heights.min()), float(heights.max())
    shares = np.sqrt((heights - low) / (high - low))
    gradients = surface.gradient(walk.path)
    return {
        "domain": [list(side) for side in surface.domain],
        "axes": list(surface.axes),
        "label": surface.label,
        "resolution": heights.shape[0],
        "heights": base64.b64encode((255 * shares).astype(np.uint8).tobytes()).decode("ascii"),
        "path": walk.path.round(4).tolist(),
        "values": [float(f"{value:.5g}") for value in walk.values],
        "gradients": [[float(f"{part:.4g}") for part in row] for row in gradients],
        "verdict": walk.verdict.value,
        "kind": walk.verdict.name,
        "minima": [
            {"point": list(each.point), "value": each.value, "is_global": each.is_global}
            for each in surface.minima
        ],
    }


def compute_descent(surface: str, start: Point, rate: float, momentum: float) -> Descent:
    """Walk down the surface called ``surface``; raises KeyError and ValueError as ``descend``."""
    return descend(get_surface(surface), start, rate, momentum)


def create_fit_scene(n_train: int, noise: float, seed: int) -> Scene:
    """Return a polynomial of each of ``DEGREES`` through ``n_train`` samples, with its two errors.

    ``best`` is the degree with the least error on new samples.
    """
    train_part, test_part = create_samples(n_train, N_TEST, noise, seed)
    fits = fit_degrees(train_part, test_part, DEGREES)
    ticks = np.linspace(-1, 1, 161)
    return {
        "x": ticks.round(4).tolist(),
        "truth": compute_curve(ticks).round(4).tolist(),
        "train": _encode_samples(train_part),
        "test": _encode_samples(test_part),
        "noise": noise,
        "best": find_best(fits).degree,
        "fits": [
            {
                "degree": fit.degree,
                "y": np.clip(fit.predict(ticks), -99, 99).round(3).tolist(),
                "train": round(fit.train_error, 4),
                "test": round(fit.test_error, 4),
            }
            for fit in fits
        ],
    }


def _encode_samples(samples: Samples) -> list[list[float]]:
    return np.stack([samples.x, samples.y], axis=1).round(3).tolist()  # type: ignore[no-any-return]
