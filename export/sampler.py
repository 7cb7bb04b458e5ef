"""DDIM sampling with classifier-free guidance, in plain numpy.

Song et al. 2021; Ho and Salimans 2022.

A noisy image at time t is ``sqrt(a) * clean + sqrt(1 - a) * noise`` with ``a = alphas_bar[t]``. The
network says what of it is noise, so what is clean follows; mixed anew with the same noise at an
earlier time, it is the next image. No randomness after the first noise: same seed, same picture.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from export.arrays import Doubles, Floats

Ints = NDArray[np.int64]
# (image (N, 1, H, W), time (N,), label (N,)) -> noise (N, 1, H, W)
PredictNoise = Callable[[Floats, Ints, Ints], Floats]

FAINTEST = 0.001


@dataclass(frozen=True)
class Step:
    """One step: at ``time``, ``image`` came in; ``clean`` is the guess of the final image.

    ``guided`` is the noise that was used; ``change`` what guidance for the class added to the
    noise predicted without one.
    """

    time: int
    image: Floats
    clean: Floats
    guided: Floats
    change: Floats


def compute_alphas_bar(times: int) -> Doubles:
    """Return the share of signal power left at each time: a cosine (Nichol, Dhariwal 2021)."""
    angles = (np.arange(times + 1) / times + 0.008) / 1.008 * np.pi / 2
    kept = np.cos(angles) ** 2
    return np.cumprod(np.clip(kept[1:] / kept[:-1], 0.001, 1.0))


def choose_times(alphas_bar: Doubles, steps: int, first: int | None = None) -> list[int]:
    """Return ``steps`` times from ``first`` down to 0, evenly spaced.

    Sampling from noise begins at the last time with ``FAINTEST`` of the image's power left: later,
    there is nothing to see, and dividing by nearly 0 would blow up the smallest error.
    """
    start = int(np.flatnonzero(alphas_bar >= FAINTEST)[-1]) if first is None else first
    return [round(each) for each in np.linspace(start, 0, steps)]


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
    """Yield the steps from ``noise`` (N, 1, H, W) to an image of each of ``labels`` (N,).

    ``guidance`` 0 ignores the class, 1 follows it, more exaggerates it. The last step's ``clean``
    is the result. To start from an image of yours, noise it to time ``first`` and pass it.
    """
    image, none = noise, np.full_like(labels, no_class)
    chosen = choose_times(alphas_bar, steps, first)
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
            # The noise that goes with the clipped guess: the two must add up to the image.
            rest = (image - signal * clean) / spread
            kept = alphas_bar[following]
            image = (np.sqrt(kept) * clean + np.sqrt(1 - kept) * rest).astype(np.float32)
