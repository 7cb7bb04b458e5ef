"""Trajectories -> pictures: one row of tiles a panel, which the browser leafs through."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from dashboard.channel_pictures import encode_url
from dashboard.generation.diffusion import Revival, Trajectory
from dashboard.inference.model import Doubles, Floats
from dashboard.inference.preprocessing import Pixels, normalize
from dashboard.inference.probability import compute_probabilities
from dashboard.inference.sessions import OnnxModel
from dashboard.overlays import Scale, render_heat

# (N, 28, 28) images in [-1, 1] -> probabilities (N, 10); None where no classifier is at hand.
Judge = Callable[[Floats], Doubles] | None

# Full colour is half of the way from black to white: one scale for all steps, so that a faint map
# means a small change.
CHANGE = Scale(-1.0, 1.0)


@dataclass(frozen=True)
class Film:
    """What is shown of a trajectory: pictures as data URLs, and by step what the CNN makes of it.

    ``amounts`` is the mean change of a pixel in percent of the way from black to white;
    ``chances`` the probability of the class, ``verdicts`` (class, probability) the CNN's answer.
    """

    times: Sequence[int]
    noisy: str
    clean: str
    change: str
    amounts: Sequence[float]
    chances: Sequence[float]
    verdicts: Sequence[tuple[int, float]]


@dataclass(frozen=True)
class RevivalFilm:
    """What is shown of an own image, by level. ``distances`` are RMS, pixels from 0 to 1."""

    times: Sequence[int]
    original: str
    noised: str
    denoised: str
    change: str
    distances: Sequence[float]
    chances: Sequence[float]
    verdicts: Sequence[tuple[int, float]]
    original_verdict: tuple[int, float] | None


def to_grey(images: Floats) -> Pixels:
    """Return images in [-1, 1] as pixels of the same shape; what lies outside is clipped."""
    grey: Pixels = np.clip(np.rint((images + 1) * 127.5), 0, 255).astype(np.uint8)
    return grey


def from_grey(pixels: Pixels) -> Floats:
    """Return pixels as an image in [-1, 1] of the same shape."""
    return (pixels / 127.5 - 1).astype(np.float32)


def join_row(tiles: Pixels) -> Pixels:
    """Return tiles (N, H, W, ...) side by side: (H, N * W, ...)."""
    return np.ascontiguousarray(np.concatenate(list(tiles), axis=1))


def encode_images(images: Floats) -> str:
    """Return images (N, 28, 28) in [-1, 1] side by side as a data URL."""
    return encode_url(join_row(to_grey(images)))


def encode_changes(changes: Floats) -> str:
    """Return signed maps (N, 28, 28) side by side as a data URL, all in one scale."""
    return encode_url(join_row(render_heat(changes, CHANGE, True, False)[..., :3]))


def create_film(trajectory: Trajectory, label: int, judge: Judge) -> Film:
    """Draw a trajectory to the class ``label``; without a class its last verdict's is followed."""
    probs = judge(trajectory.cleans) if judge else None
    verdicts = _read_verdicts(probs)
    followed = label if probs is None or label < probs.shape[1] else verdicts[-1][0]
    return Film(
        times=[int(time) for time in trajectory.times],
        noisy=encode_images(trajectory.images),
        clean=encode_images(trajectory.cleans),
        change=encode_changes(trajectory.changes),
        amounts=_round(100 * np.abs(trajectory.changes).mean(axis=(1, 2)) / 2),
        chances=[] if probs is None else _round(probs[:, followed]),
        verdicts=verdicts,
    )


def create_revival_film(image: Floats, revival: Revival, judge: Judge) -> RevivalFilm:
    """Draw an own image (28, 28) and what came of it at every level."""
    changes = revival.denoised - image
    probs = judge(np.concatenate([image[None], revival.denoised])) if judge else None
    verdicts = _read_verdicts(probs)
    own = verdicts[0] if verdicts else None
    return RevivalFilm(
        times=[int(time) for time in revival.times],
        original=encode_images(image[None]),
        noised=encode_images(revival.noised),
        denoised=encode_images(revival.denoised),
        change=encode_changes(changes),
        distances=_round(np.sqrt(np.mean((changes / 2) ** 2, axis=(1, 2)))),
        chances=[] if probs is None or own is None else _round(probs[1:, own[0]]),
        verdicts=verdicts[1:],
        original_verdict=own,
    )


def find_recognised(verdicts: Sequence[tuple[int, float]], label: int) -> int | None:
    """Return the first step (from 1) from which on the CNN's answer stays ``label``, or None."""
    wrong = [index for index, (seen, _) in enumerate(verdicts, start=1) if seen != label]
    last = max(wrong, default=0)
    return last + 1 if last < len(verdicts) else None


def _read_verdicts(probs: Doubles | None) -> list[tuple[int, float]]:
    if probs is None:
        return []
    return [(int(row.argmax()), round(float(row.max()), 4)) for row in probs]


def _round(values: Floats | Doubles) -> list[float]:
    return [round(float(value), 4) for value in values]


def create_judge(model: OnnxModel) -> Judge:
    """Return what asks a classifier for the class probabilities (N, K) of pictures (N, H, W)."""

    def judge(images: Floats) -> Doubles:
        views = np.repeat(to_grey(images)[..., None], 3, axis=3)  # (N, H, W, 3)
        return compute_probabilities(model.predict(normalize(views, model.card)))

    return judge
