"""The smallest edit that changes the answer: which regions must go before another class wins?

The picture is cut into pieces. Greedily, the piece is taken away whose removal costs the class its
lead over the strongest other one most, until that lead is gone; then every piece that is not needed
for the flip is put back. What is left is irreducible (no piece of it can return), which is not the
same as the smallest of all. Deletion as an explanation: Fong & Vedaldi 2017, arXiv 1704.03296;
counterfactual regions: Goyal et al. 2019, arXiv 1904.07451.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dashboard.attribution.base import Question, load_libraries
from dashboard.attribution.superpixels import compute_superpixels
from dashboard.inference.model import Floats, Model
from dashboard.limits.maps import Report, report_nothing

Pieces = NDArray[np.int64]

N_SUPERPIXELS = 40
_CELLS = 7  # a side, for pictures too small to have superpixels
_SMALL = 64
MAX_SHARE = 0.7  # of the picture: when more is gone, no one would call it the same picture


@dataclass(frozen=True)
class Edit:
    """A picture without some of its pieces: ``inputs`` (1, C, H, W) and the logits (K,)."""

    removed: tuple[int, ...]
    inputs: Floats
    logits: Floats

    @property
    def answer(self) -> int:
        """The class that the network now gives."""
        return int(self.logits.argmax())


@dataclass(frozen=True)
class Search:
    """The greedy removals one by one (the first removes nothing), then the pruned ``smallest``.

    ``smallest`` is None where nothing up to ``MAX_SHARE`` of the picture changes the answer.
    """

    edits: tuple[Edit, ...]
    smallest: Edit | None


def cut_pieces(model: Model, inputs: Floats) -> Pieces:
    """Return the piece that each pixel belongs to (H, W), numbered from 0 without gaps."""
    height, width = inputs.shape[2:]
    if min(height, width) < _SMALL:
        rows, columns = np.arange(height) * _CELLS // height, np.arange(width) * _CELLS // width
        cells = rows[:, np.newaxis] * _CELLS + columns
        _, numbered = np.unique(cells, return_inverse=True)
        return numbered.reshape(height, width).astype(np.int64)
    load_libraries(("scipy.ndimage", "skimage.segmentation"))
    pieces: Pieces = compute_superpixels(model, inputs, N_SUPERPIXELS)[0, 0]
    return pieces


def remove(inputs: Floats, blank: Floats, pieces: Pieces, removed: Sequence[int]) -> Floats:
    """Return ``inputs`` (1, C, H, W) with ``blank`` of the same shape in the removed pieces."""
    gone = np.isin(pieces, list(removed))  # (H, W)
    edited: Floats = np.where(gone, blank, inputs)
    return edited


def find_edit(
    model: Model,
    question: Question,
    blank: Floats,
    pieces: Pieces,
    report: Report = report_nothing,
) -> Search:
    """Search the pieces (H, W) whose replacement by ``blank`` (1, C, H, W) changes the answer.

    Runs at most n (n + 1) / 2 pictures for n pieces, and as many again for putting back.
    """
    edits = [_edit(model, question, blank, pieces, ())]
    left = list(range(int(pieces.max()) + 1))
    while edits[-1].answer == question.target and left:
        gone = edits[-1].removed
        area = np.isin(pieces, gone).mean()
        report("Taking pieces away", min(1.0, float(area) / MAX_SHARE))
        if area > MAX_SHARE:
            return Search(tuple(edits), None)
        batch = [remove(question.inputs, blank, pieces, (*gone, piece)) for piece in left]
        logits = model.predict(np.concatenate(batch))
        best = int(np.argmin(_compute_lead(logits, question.target)))
        edits.append(Edit((*gone, left.pop(best)), batch[best], logits[best]))
    if edits[-1].answer == question.target:
        return Search(tuple(edits), None)
    return Search(tuple(edits), _prune(model, question, blank, pieces, edits[-1]))


def _prune(model: Model, question: Question, blank: Floats, pieces: Pieces, edit: Edit) -> Edit:
    """Put back, one after the other, what the flip does not need, until nothing can return."""
    for piece in edit.removed:
        fewer = tuple(each for each in edit.removed if each != piece)
        tried = _edit(model, question, blank, pieces, fewer)
        if tried.answer != question.target:
            return _prune(model, question, blank, pieces, tried)
    return edit


def _edit(
    model: Model, question: Question, blank: Floats, pieces: Pieces, removed: tuple[int, ...]
) -> Edit:
    inputs = remove(question.inputs, blank, pieces, removed)
    return Edit(removed, inputs, model.predict(inputs)[0])


def _compute_lead(logits: Floats, target: int) -> Floats:
    others = np.delete(logits, target, axis=1)
    lead: Floats = logits[:, target] - others.max(axis=1)
    return lead


def order_by_map(heat: Floats, pieces: Pieces) -> list[int]:
    """Return the pieces from the hottest to the coldest, by the map's mean in each."""
    sums = np.bincount(pieces.ravel(), heat.ravel().astype(np.float64))
    means = sums / np.bincount(pieces.ravel())
    return [int(i) for i in np.argsort(-means, kind="stable")]


def count_until_flip(
    model: Model, question: Question, blank: Floats, pieces: Pieces, order: Sequence[int]
) -> float | None:
    """Return the share of the picture gone when, in this order, the answer first changes.

    None where it never does.
    """
    batch = [
        remove(question.inputs, blank, pieces, order[: count + 1]) for count in range(len(order))
    ]
    answers = model.predict(np.concatenate(batch)).argmax(axis=1)
    flipped = np.flatnonzero(answers != question.target)
    if not len(flipped):
        return None
    return float(np.isin(pieces, list(order[: flipped[0] + 1])).mean())
