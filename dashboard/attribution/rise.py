"""RISE: show the photo through many random masks and average them by how well the class survives.

Needs no gradients: it works on any network. The map is the mean probability of the class, weighted
at each pixel by how much of it the masks showed. It is smooth because the masks are; with few masks
it is noisy.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dashboard.attribution.base import Attribution, Method, Progress, Question
from dashboard.attribution.params import FloatParam, IntParam, Params
from dashboard.inference.model import Floats, Model
from dashboard.inference.probability import compute_probability

_CHUNK = 32


def create_masks(
    n_masks: int, n_cells: int, keep: float, size: tuple[int, int], seed: int
) -> Iterator[Floats]:
    """Yield masks in [0, 1] in chunks (n, H, W), as in section 3.2 of the paper.

    Each is a grid of ``n_cells`` x ``n_cells`` cells, on with probability ``keep``, enlarged
    bilinearly to one cell more than the picture and cropped at a random place.
    """
    rng = np.random.default_rng(seed)
    height, width = size
    cell_h, cell_w = -(-height // n_cells), -(-width // n_cells)
    rows = _interpolation(n_cells, cell_h)  # ((n_cells + 1) cell_h, n_cells)
    columns = _interpolation(n_cells, cell_w)
    for first in range(0, n_masks, _CHUNK):
        n = min(_CHUNK, n_masks - first)
        grids = (rng.random((n, n_cells, n_cells)) < keep).astype(np.float32)
        tops, lefts = rng.integers(cell_h, size=n), rng.integers(cell_w, size=n)
        # Cropping the interpolation matrices first: a mask then costs two small products.
        yield np.stack(
            [
                rows[top : top + height] @ grid @ columns[left : left + width].T
                for grid, top, left in zip(grids, tops, lefts, strict=True)
            ]
        )


def _interpolation(n_cells: int, cell: int) -> Floats:
    """Return the matrix ((n_cells + 1) * cell, n_cells) that enlarges linearly, ends repeated."""
    centers = (np.arange((n_cells + 1) * cell) + 0.5) / ((n_cells + 1) * cell) * n_cells - 0.5
    place = np.clip(centers, 0, n_cells - 1)
    low = np.floor(place).astype(int)
    high = np.minimum(low + 1, n_cells - 1)
    matrix = np.zeros((len(place), n_cells), np.float32)
    np.add.at(matrix, (np.arange(len(place)), low), 1 - (place - low))
    np.add.at(matrix, (np.arange(len(place)), high), place - low)
    return matrix


def run_masks(
    model: Model, question: Question, params: Params, progress: Progress
) -> Iterator[tuple[Floats, Floats]]:
    """Yield masks (n, H, W), and the logits (n, K) of the photo shown through them, in chunks."""
    n_masks, keep = int(params["n_masks"]), float(params["keep"])
    size = question.inputs.shape[2], question.inputs.shape[3]
    n_cells = min(int(params["n_cells"]), *size)
    n_done = 0
    for masks in create_masks(n_masks, n_cells, keep, size, question.seed):
        yield masks, model.predict(question.inputs * masks[:, np.newaxis])  # (n, C, H, W)
        n_done += len(masks)
        progress(n_done / n_masks)


def compute(model: Model, question: Question, params: Params, progress: Progress) -> Attribution:
    """Return the mean probability by what the masks showed (1, 1, H, W).

    Equation 6 of the paper divides by what the masks are expected to show; here it is what they
    did show. The expectation is the same, and the noise of an uneven draw falls out.
    """
    size = question.inputs.shape[2], question.inputs.shape[3]
    total, shown = np.zeros(size, np.float64), np.zeros(size, np.float64)
    sum_weights = 0.0
    for masks, logits in run_masks(model, question, params, progress):
        weights = compute_probability(logits, question.target, question.versus)  # (n,)
        total += np.tensordot(weights, masks, 1)
        shown += masks.sum(axis=0)
        sum_weights += float(weights.sum())
    # A pixel that no mask showed is neither better nor worse than the mean.
    mean = sum_weights / int(params["n_masks"])
    heat = np.divide(total, shown, out=np.full(size, mean), where=shown > 0)
    return Attribution(heat.astype(np.float32)[np.newaxis, np.newaxis])


METHOD = Method(
    name="rise",
    label="RISE",
    summary="Which places, when shown through random masks, keep the class alive.",
    source="Petsiuk et al. 2018, https://arxiv.org/abs/1806.07421",
    compute=compute,
    is_signed=False,
    is_stochastic=True,
    params=(
        IntParam("n_masks", "Masks", 400, 100, 4000, 100, "More masks, less noise, more time."),
        IntParam("n_cells", "Cells", 7, 4, 16, 1, "Cells along each side of a mask."),
        FloatParam("keep", "Shown", 0.5, 0.1, 0.9, 0.1, "The share of cells that a mask shows."),
    ),
    budget="n_masks",
    if_flat="Whatever the masks show, the network gives the class the same probability.",
)
