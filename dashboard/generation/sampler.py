"""DDIM sampling with classifier-free guidance, in plain numpy.

Song et al. 2021 (arXiv 2010.02502); Ho and Salimans 2022 (arXiv 2207.12598).

A noisy image at time t is ``sqrt(a) * clean + sqrt(1 - a) * noise`` with ``a = alphas_bar[t]``. The
network says what of it is noise, so what is clean follows; mixed anew with the same noise at an
earlier time, it is the next image. No randomness after the first noise: same seed, same picture.

The passes with and without the class go through the network together, and each row may begin at a
time of its own. ``export/train/diffusion.py`` measures a network's pictures with this sampler.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from dashboard.inference.model import Doubles, Floats, Ints

# (image (N, 1, H, W), time (N,), label (N,)) -> noise (N, 1, H, W)
PredictNoise = Callable[[Floats, Ints, Ints], Floats]

SIDE = 28


@dataclass(frozen=True, eq=False)
class Schedule:
    """How noisy each time is: ``alphas_bar`` (T,) is the share of the image's power left.

    ``first`` is the time at which sampling from noise begins; ``no_class`` the label "none".
    """

    alphas_bar: Doubles
    first: int
    no_class: int


@dataclass(frozen=True, eq=False)
class Step:
    """One step; everything but ``times`` (N,) is (N, 1, H, W).

    ``image`` came in. ``guided`` is the noise that was used, ``plain`` the noise predicted without
    a class; ``clean`` and ``clean_plain`` are the final images that follow from each, in [-1, 1].
    """

    times: Ints
    image: Floats
    guided: Floats
    plain: Floats
    clean: Floats
    clean_plain: Floats


def draw_noise(seed: int) -> Floats:
    """Return the noise (1, 1, 28, 28) of a seed: standard normal."""
    drawn = np.random.default_rng(seed).standard_normal((1, 1, SIDE, SIDE))
    return drawn.astype(np.float32)


def choose_times(first: int, steps: int) -> list[int]:
    """Return ``steps`` times from ``first`` down to 0, evenly spaced."""
    return [round(each) for each in np.linspace(first, 0, steps)]


def add_noise(clean: Floats, noise: Floats | Doubles, times: Ints, schedule: Schedule) -> Floats:
    """Return images (N, 1, H, W) as they are at ``times`` (N,)."""
    signal, spread = _get_shares(times, schedule)
    mixed: Floats = (signal * clean + spread * noise).astype(np.float32)
    return mixed


def guide(named: Floats, plain: Floats, guidance: float) -> Floats:
    """Return the noise to use: from ``plain`` towards ``named`` and, above 1, beyond.

    0 ignores the class, 1 is the prediction for the class itself.
    """
    return named if guidance == 1 else plain + np.float32(guidance) * (named - plain)


def sample(
    predict_noise: PredictNoise,
    noise: Floats,
    labels: Ints,
    schedule: Schedule,
    steps: int,
    guidance: float = 1.0,
    firsts: Ints | None = None,
) -> Iterator[Step]:
    """Yield the steps from ``noise`` (N, 1, H, W) to an image of each of ``labels`` (N,).

    The last step's ``clean`` is the result. To start from images of yours, noise them to the times
    ``firsts`` (N,) and pass both.
    """
    starts = np.full(labels.shape, schedule.first) if firsts is None else firsts
    times = np.array([choose_times(int(first), steps) for first in starts], np.int64).T  # (S, N)
    image = noise
    for index, now in enumerate(times):
        guided, plain = _predict_both(predict_noise, image, now, labels, schedule, guidance)
        clean = _clean(image, guided, now, schedule)
        yield Step(now, image, guided, plain, clean, _clean(image, plain, now, schedule))
        if index + 1 < steps:
            # The noise that goes with the clipped guess: the two must add up to the image.
            signal, spread = _get_shares(now, schedule)
            image = add_noise(clean, (image - signal * clean) / spread, times[index + 1], schedule)


def _predict_both(
    predict_noise: PredictNoise,
    image: Floats,
    times: Ints,
    labels: Ints,
    schedule: Schedule,
    guidance: float,
) -> tuple[Floats, Floats]:
    """Return the noise (N, 1, H, W) as guided, and as predicted without a class."""
    none = np.full_like(labels, schedule.no_class)
    if guidance == 0 or np.array_equal(labels, none):
        plain = predict_noise(image, times, none)
        return plain, plain
    both = predict_noise(
        np.concatenate([image, image]),
        np.concatenate([times, times]),
        np.concatenate([labels, none]),
    )
    named, plain = both[: len(image)], both[len(image) :]
    return guide(named, plain, guidance), plain


def _clean(image: Floats, noise: Floats, times: Ints, schedule: Schedule) -> Floats:
    signal, spread = _get_shares(times, schedule)
    return np.clip((image - spread * noise) / signal, -1, 1).astype(np.float32)


def _get_shares(times: Ints, schedule: Schedule) -> tuple[Doubles, Doubles]:
    kept = schedule.alphas_bar[times][:, None, None, None]  # (N, 1, 1, 1)
    return np.sqrt(kept), np.sqrt(1 - kept)
