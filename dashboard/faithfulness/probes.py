"""Probes: the photo with about half of it taken away, again and again, and what the network says.

They are made once a picture and removal and judge every map: no map needs a run of its own. Each
probe shows *the same share* of the picture. Without that, a map of nothing would look good, since
showing more helps.
Sources: Bhatt, Weller & Moura 2020, "Evaluating and aggregating feature-based model explanations",
arXiv:2005.00631 (faithfulness correlation); Ancona et al. 2018, "Towards better understanding of
gradient-based attribution methods", arXiv:1711.06104 (sensitivity-n).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from dashboard.attribution.base import Progress, Question, ignore_progress
from dashboard.faithfulness.removal import Removal
from dashboard.inference.model import Doubles, Floats, Model
from dashboard.inference.probability import compute_log_odds

Bools = NDArray[np.bool_]
Places = NDArray[np.intp]

N_CELLS = 7  # along each side: what is shown or hidden together
N_UNITS = 28  # along each side: cells begin at every unit, maps are summed in them
N_SHOWN = N_CELLS * N_CELLS // 2  # cells
TOLERANCE = 0.01  # in the share of pixels that a probe shows
N_OPTIONS = (384, 1024, 2048, 4096)  # what a reader may ask for
SMALL = 64  # pixels along a side: networks for such pictures answer in well under a millisecond
CHUNK = 32  # inputs that run at once: 19 MB of (3, 224, 224), and "stop" acts within a second


@dataclass(frozen=True, eq=False)
class Probes:
    """``shown`` (N, U * V) says which units each probe shows; the grid is U = V = 28 or the side.

    ``log_odds`` (R, N) is the class's under each of R removals; ``whole`` the untouched photo's.
    """

    shown: Bools
    grid: tuple[int, int]
    log_odds: Doubles
    whole: float


def place_units(side: int) -> Places:
    """Return the unit, 0 to at most 27, of each pixel along a side."""
    units = min(N_UNITS, side)
    return np.arange(side) * units // side


def choose_n_probes(size: tuple[int, ...]) -> int:
    """Return how many probes judge a picture (H, W) where nobody asks for more.

    On 12 garments two draws of 512 gave the same verdict on 80 % of the maps, of 1,024 on 89 %, of
    2,048 and of 4,096 on 95 and 94 %. A photo's network takes a hundred times as long, so that
    fewer must do; the page says how steady that is, and offers more.
    """
    return 2048 if max(size) <= SMALL else 384


def join_probes(parts: Sequence[Probes]) -> Probes:
    """Return the probes of several removals, of the same picture and seed, as one."""
    return replace(parts[0], log_odds=np.concatenate([each.log_odds for each in parts]))


@lru_cache(maxsize=8)  # the same for every picture of a size
def create_shown(n: int, size: tuple[int, int], seed: int = 0) -> Bools:
    """Return which units of the grid each of ``n`` probes of a picture (H, W) shows, (n, U, V).

    A random half of 7 x 7 cells, slid by a random number of units around the torus, so that every
    unit is shown as often as any other. Draws whose share of pixels is off by more than 1 % of the
    picture, possible where units are unequal, are drawn again.
    """
    rng = np.random.default_rng(seed)
    rows, columns = (place_units(side) for side in size)
    weights = np.outer(np.bincount(rows), np.bincount(columns)) / (size[0] * size[1])  # (U, V)
    wanted = N_SHOWN / (N_CELLS * N_CELLS)
    drawn: list[Bools] = []
    while len(drawn) < n:
        cells = np.zeros(N_CELLS * N_CELLS, bool)
        cells[rng.permutation(len(cells))[:N_SHOWN]] = True
        grid = _enlarge(cells.reshape(N_CELLS, N_CELLS), weights.shape)
        grid = np.roll(grid, (rng.integers(len(grid)), rng.integers(grid.shape[1])), (0, 1))
        if abs(float(weights[grid].sum()) - wanted) <= TOLERANCE:
            drawn.append(grid)
    shown = np.stack(drawn)
    shown.flags.writeable = False
    return shown


def _enlarge(cells: Bools, grid: tuple[int, ...]) -> Bools:
    rows, columns = (np.arange(side) * N_CELLS // side for side in grid)
    enlarged: Bools = cells[np.ix_(rows, columns)]
    return enlarged


def run_probes(
    model: Model,
    question: Question,
    removals: Sequence[Removal],
    n: int,
    progress: Progress = ignore_progress,
) -> Probes:
    """Show the network ``n`` probes under each removal: R x n + 1 inputs.

    Raises:
        ValueError: the picture has fewer than 7 pixels along a side.
    """
    photo = question.inputs[0]  # (C, H, W)
    size = photo.shape[1], photo.shape[2]
    if min(size) < N_CELLS:
        raise ValueError(f"A picture under {N_CELLS} pixels along a side cannot be probed.")
    shown = create_shown(n, size, question.seed)
    rows, columns = (place_units(side) for side in size)
    log_odds = np.empty((len(removals), n))
    for r, removal in enumerate(removals):
        empty = removal.compute(model, photo)
        for first in range(0, n, CHUNK):
            masks = shown[first : first + CHUNK][:, rows][:, :, columns]  # (chunk, H, W)
            pictures = np.where(masks[:, np.newaxis], photo, empty)
            log_odds[r, first : first + len(masks)] = _ask(model, question, pictures)
            progress((r + (first + len(masks)) / n) / len(removals))
    whole = float(_ask(model, question, question.inputs)[0])
    grid = shown.shape[1], shown.shape[2]
    return Probes(shown.reshape(n, -1), grid, log_odds, whole)


def _ask(model: Model, question: Question, pictures: Floats) -> Doubles:
    logits = model.predict(pictures.astype(np.float32, copy=False))
    return compute_log_odds(logits, question.target, question.versus)
