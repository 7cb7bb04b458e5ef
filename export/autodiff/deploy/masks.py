"""The draws of masked gradients: which parts of a picture are shown, and what fills the rest.

Drawn once, from a seed, so that a graph that was written and the dashboard's own method ask the
network about the same pictures. Masks are RISE's (Petsiuk et al. 2018, arXiv:1806.07421, section
3.2), each with a share of its own, since a half-shown picture is not the only one that is asked
about. Every mask has a fill of its own: the map then depends on none of them. This module needs
numpy alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]
Floats = NDArray[np.float32]
Places = NDArray[np.int64]

LEAST, MOST = 0.05, 0.95  # of a picture that a mask shows
SMALL = 64  # pixels along the shorter side: below it, cells are finer and no noise is drawn
CELLS, SMALL_CELLS = 7, 14  # along each side of a mask
UNITS = 28  # along each side: noise is drawn in them, maps are smoothed by them
SMOOTHING, SMALL_SMOOTHING = 3.0, 1.5  # units: standard deviation of the blur of the map

# A fill is a blurred copy of the picture (standard deviation as a share of the shorter side; its
# mean at last), or a drawn one: flat, or a noise of coarse squares.
BLURS = (0.05, 0.12)
_MEAN, _FLAT, _NOISE = len(BLURS), len(BLURS) + 1, len(BLURS) + 2
KINDS = (_MEAN, 0, 1, _FLAT, _FLAT, _FLAT, _NOISE, _NOISE)
SMALL_KINDS = (_MEAN, 0, 1, _FLAT)
N_COPIES = _FLAT  # kinds of copies of the picture: two blurs and the mean

# Black is the very ground of many small grey pictures: a fill that is black too would ask about
# shapes alone.
_DARKEST = 0.25


@dataclass(frozen=True, eq=False)
class Draws:
    """What is drawn for ``n`` masks of a picture (C, H, W).

    ``cells`` (n, K, K) are 0 or 1; enlarged by ``rows`` and ``columns`` and cut at ``tops`` and
    ``lefts`` they are the masks. ``kinds`` (n,) below ``N_COPIES`` choose a copy of the picture,
    any other the drawn fill: ``levels`` (n, C, U, U) between the picture's darkest and its
    brightest value, enlarged.
    """

    size: tuple[int, int]
    cells: Floats
    tops: Places
    lefts: Places
    rows: Floats
    columns: Floats
    kinds: Places
    levels: Floats

    def __len__(self) -> int:
        return len(self.cells)


def draw(n: int, shape: tuple[int, int, int], seed: int, n_cells: int | None = None) -> Draws:
    """Draw ``n`` masks and fills for pictures (C, H, W)."""
    channels, height, width = shape
    rng = np.random.default_rng([seed, 1])  # not the stream of any judge's probes
    k = min(n_cells or choose_cells(shape), height, width)
    cell = -(-height // k), -(-width // k)
    shares = LEAST + (MOST - LEAST) * draw_shares(n, rng)
    order = rng.permuted(np.tile(np.arange(k * k), (n, 1)), axis=1)
    kinds = deal_kinds(n, shape, rng)
    return Draws(
        (height, width),
        (order < shares[:, np.newaxis] * k * k).reshape(n, k, k).astype(np.float32),
        rng.integers(cell[0], size=n),
        rng.integers(cell[1], size=n),
        interpolate(k, (k + 1) * cell[0]),
        interpolate(k, (k + 1) * cell[1]),
        kinds,
        draw_levels(kinds, channels, rng),
    )


def choose_cells(shape: tuple[int, ...]) -> int:
    """Return how many cells a mask has along each side."""
    return SMALL_CELLS if min(shape[1:]) < SMALL else CELLS


def draw_shares(n: int, rng: np.random.Generator) -> Doubles:
    """Return ``n`` random shares in [0, 1], one in each n-th, in a random order."""
    return np.asarray((rng.permutation(n) + rng.random(n)) / n)


def deal_kinds(n: int, shape: tuple[int, ...], rng: np.random.Generator) -> Places:
    """Return ``n`` kinds of fills, each as often as the others of its round, in a random order."""
    kinds = np.array(SMALL_KINDS if min(shape[1:]) < SMALL else KINDS, np.int64)
    rounds = rng.permuted(np.tile(kinds, (-(-n // len(kinds)), 1)), axis=1)
    return np.asarray(rounds.ravel()[:n])


def draw_levels(kinds: Places, channels: int, rng: np.random.Generator) -> Floats:
    """Return levels in [0, 1] (n, C, U, U); 0 where the fill is a copy of the picture."""
    darkest = _DARKEST if channels == 1 else 0.0
    levels = np.zeros((len(kinds), channels, UNITS, UNITS), np.float32)
    for level, kind in zip(levels, kinds, strict=True):
        if kind == _FLAT:
            level[:] = darkest + (1 - darkest) * rng.random((channels, 1, 1))
        elif kind == _NOISE:
            level[:] = rng.random(level.shape)
    return levels


def create_masks(draws: Draws, which: slice) -> Floats:
    """Return masks (n, H, W) in [0, 1], 1 where the picture is shown."""
    height, width = draws.size
    part = zip(draws.cells[which], draws.tops[which], draws.lefts[which], strict=True)
    return np.stack(
        [
            draws.rows[top : top + height] @ cells @ draws.columns[left : left + width].T
            for cells, top, left in part
        ]
    )


class Fills:
    """What stands where a picture (C, H, W) is taken away."""

    def __init__(self, picture: Floats) -> None:
        size = picture.shape[1:]
        self._darkest = picture.min(axis=(1, 2), keepdims=True)  # (C, 1, 1)
        self._range = picture.max(axis=(1, 2), keepdims=True) - self._darkest
        copies = [left @ picture @ right.T for left, right in create_copiers(size)]
        # Rounding must not make a picture of a channel in which there is nothing.
        self._copies = [np.where(self._range > 0, copy, picture) for copy in copies]
        self._enlarge = tuple(interpolate(UNITS, side) for side in size)

    def create(self, kinds: Places, levels: Floats) -> Floats:
        """Return fills (n, C, H, W) of ``kinds`` (n,) with ``levels`` (n, C, U, U)."""
        rows, columns = self._enlarge
        return np.stack(
            [
                self._copies[kind]
                if kind < N_COPIES
                else self._darkest + self._range * (rows @ level @ columns.T)
                for kind, level in zip(kinds, levels, strict=True)
            ]
        )


def create_copiers(size: tuple[int, ...]) -> list[tuple[Floats, Floats]]:
    """Return the pairs of matrices, by H and by W, that make each copy of a picture."""
    blurs = [
        (blur(size[0], share * min(size)), blur(size[1], share * min(size))) for share in BLURS
    ]
    mean = tuple(np.full((side, side), 1 / side, np.float32) for side in size)
    return [*blurs, (mean[0], mean[1])]


def create_smoothers(size: tuple[int, ...]) -> tuple[Floats, Floats]:
    """Return the matrices, by H and by W, that smooth a map (H, W)."""
    units = SMALL_SMOOTHING if min(size) < SMALL else SMOOTHING
    sigma = units * min(size) / min(UNITS, *size)
    return blur(size[0], sigma), blur(size[1], sigma)


def blur(side: int, sigma: float) -> Floats:
    """Return the matrix (side, side) of a Gaussian blur; each row adds up to 1, at borders too."""
    away = np.arange(side)[:, np.newaxis] - np.arange(side)
    weights = np.exp(-0.5 * (away / max(sigma, 1e-6)) ** 2)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), np.float32)


def interpolate(old: int, new: int) -> Floats:
    """Return the matrix (new, old) that interpolates linearly, ends repeated."""
    centers = np.clip((np.arange(new) + 0.5) * old / new - 0.5, 0, old - 1)
    weights = 1 - np.abs(centers[:, np.newaxis] - np.arange(old))
    return np.asarray(np.maximum(weights, 0), np.float32)
