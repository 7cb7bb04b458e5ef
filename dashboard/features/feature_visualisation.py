"""The picture that a unit answers to most, found by climbing its gradient.

Erhan et al. 2009, "Visualizing higher-layer features of a deep network"; Olah, Mordvintsev and
Schubert 2017, "Feature visualization" (distill.pub/2017/feature-visualization), from where jitter
and preconditioning are: the gradient's coarse waves are favoured, or the picture is a speckle.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from dashboard.inference.inner import InnerModel
from dashboard.inference.model import Floats

N_STEPS = 48
MAX_SIDE = 128  # a third of the work of 224, and larger than what most units see
_RATE = 0.06  # of the range from black to white, a step, for a pixel of typical gradient
_JITTER = 4  # pixels: no unit may rely on its grid
_FLAT = 1e-12


@dataclass(frozen=True)
class Climb:
    """The optimised picture (1, C, S, S) in network values, and the unit's score on the way."""

    image: Floats
    scores: tuple[float, ...]


def optimise_image(
    model: InnerModel,
    stage: int,
    channel: int,
    limits: tuple[Floats, Floats],
    move: Callable[[float], None] = lambda fraction: None,
    n_steps: int = N_STEPS,
) -> Climb:
    """Return a picture that a unit's mean activation is high on; the same every time.

    ``limits`` are the network values of black and white, (C, 1, 1) each: the picture stays within.
    """
    rng = np.random.default_rng([stage, channel])
    black, white = limits
    side = min(model.card.input.size, MAX_SIDE)
    noise = rng.normal(0, 0.02, (1, len(black), side, side)).astype(np.float32)
    image: Floats = ((black + white) / 2 + noise * (white - black)).astype(np.float32)
    scores = []
    for step in range(n_steps):
        shift = tuple(int(n) for n in rng.integers(-_JITTER, _JITTER + 1, 2))
        score, gradient = model.climb(stage, channel, np.roll(image, shift, (2, 3)))
        scores.append(score)
        back = precondition(np.roll(gradient, (-shift[0], -shift[1]), (2, 3)))
        rate = _RATE * (1 - step / n_steps)
        image = np.clip(image + rate * (white - black) * back, black, white).astype(np.float32)
        move((step + 1) / n_steps)
    scores.append(model.climb(stage, channel, image)[0])
    return Climb(image, tuple(scores))


def precondition(gradient: Floats) -> Floats:
    """Return the gradient (1, C, S, S) with each wave divided by its frequency, at spread 1."""
    side = gradient.shape[-1]
    down, across = np.fft.fftfreq(side), np.fft.rfftfreq(side)
    frequency = np.maximum(np.hypot(down[:, None], across[None, :]), 1 / side)  # (S, S // 2 + 1)
    smooth = np.fft.irfft2(np.fft.rfft2(gradient) / frequency, s=(side, side))
    spread = float(smooth.std())
    return (smooth / spread if spread > _FLAT else smooth).astype(np.float32)
