"""Masked gradients: show the photo through random masks, and ask each time what matters.

One gradient answers for every pixel at once, where RISE learns one number a mask. It is asked at
half-shown photos, since that is where a test of the map looks, and what fills the hidden part
changes from mask to mask: the photo's mean, two blurs, random colours and, on photos of some size,
random squares. So the map depends little on any of them. Each value is the mean of gradient x
(photo - fill), how fast the score changes as that pixel's mask opens, smoothed over about a tenth
of the picture's side (a twentieth on small pictures).

A gradient costs about as much as three runs of the network, and as many are taken as there are
masks. Two runs with other masks agree well but not fully.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dashboard.attribution.base import Attribution, Method, Progress, Question
from dashboard.attribution.params import IntParam, Params
from dashboard.inference.model import Explained, Floats, Model

_CHUNK = 8  # gradients at once: as fast as more, in a fraction of their memory


def compute_slopes(
    model: Model, question: Question, masks: Floats, fills: Floats
) -> tuple[Floats, Floats]:
    """Return the logits (n, K) and d score / d mask (n, C, H, W), channels apart.

    What is shown is fill + mask x (photo - fill), with masks (n, H, W) and fills (n, C, H, W), so
    the slope is gradient x (photo - fill).
    """
    away = question.inputs - fills
    explained = explain(model, question, fills + masks[:, np.newaxis] * away)
    return explained.logits, explained.gradient * away


def explain(model: Model, question: Question, inputs: Floats) -> Explained:
    """Return one differentiated pass over a few inputs (n, C, H, W)."""
    classes = (question.target, question.versus)
    target, versus = (None if k is None else np.full(len(inputs), k, np.int64) for k in classes)
    assert target is not None
    return model.explain(inputs.astype(np.float32, copy=False), target, versus)


def walk(n: int) -> Iterator[slice]:
    """Yield the masks that are asked about at once."""
    return (slice(first, min(first + _CHUNK, n)) for first in range(0, n, _CHUNK))


def compute(model: Model, question: Question, params: Params, progress: Progress) -> Attribution:
    """Return the smoothed mean of the slopes (1, C, H, W)."""
    from export.autodiff.deploy import masks as drawn

    picture = question.inputs[0]  # (C, H, W)
    n = int(params["n_masks"])
    draws = drawn.draw(n, picture.shape, question.seed)
    fills = drawn.Fills(picture)
    total = np.zeros(picture.shape, np.float64)
    for part in walk(n):
        shown = drawn.create_masks(draws, part)
        hidden = fills.create(draws.kinds[part], draws.levels[part])
        _, slopes = compute_slopes(model, question, shown, hidden)
        total += slopes.sum(axis=0)
        progress(part.stop / n)
    rows, columns = drawn.create_smoothers(picture.shape[1:])
    smooth = rows @ (total / n) @ columns.T
    return Attribution(smooth.astype(np.float32)[np.newaxis])


METHOD = Method(
    name="masked_gradients",
    label="Masked gradients",
    summary="How fast the score rises as each place is shown, in the midst of random masks.",
    source="Random masks: Petsiuk et al. 2018, https://arxiv.org/abs/1806.07421; random blanks: "
    "Lundberg and Lee 2017, https://arxiv.org/abs/1705.07874; their mean is tested by "
    "python -m export.benchmark.maps",
    compute=compute,
    is_signed=True,
    is_stochastic=True,
    libraries=("export.autodiff.deploy.masks",),
    params=(IntParam("n_masks", "Masks", 64, 16, 512, 16, "A gradient each: more, less noise."),),
    needs_gradients=True,
    budget="n_masks",
    if_flat="Showing one place moves the score no more than another: all gradients are zero, or "
    "the photo is the same everywhere.",
)
