"""Soft ranking: put the places of the photo into the order in which showing them helps most.

A test of a map shows its hottest places first, and takes them away first. This method searches for
a map that does well in both: it starts from RISE and Grad-CAM (on small pictures from masked
gradients) and moves a coarse map of 28 x 28 values in a few steps. In each, the best part of the
photo at four random shares is shown alone and then taken away alone, and the map follows the
gradient of the class's probability, shown minus taken away. The edges of these parts are soft, or
there would be no gradient.

A map that was fitted to a test does well in it. So what fills the hidden part is random (the
photo's mean, two blurs, random colours, random squares on large photos), and the map must be
judged by removals that it never saw: black, another photo's pixels. What is drawn is the sum of
the fitted map and those that it started from, each in standard deviations: the fit alone ranks
places better, and foretells worse what many of them do together.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from dashboard.attribution import masked_gradients, rise
from dashboard.attribution.base import Attribution, Method, Progress, Question
from dashboard.attribution.masked_gradients import compute_slopes, explain
from dashboard.attribution.params import ChoiceParam, IntParam, Params, compute_defaults
from dashboard.attribution.soft_masks import Adam, Canvas, create_soft_masks, follow, standardise
from dashboard.inference.model import Doubles, Floats, Model
from dashboard.inference.probability import compute_probability

N_MASKS = 64  # of the masked gradients that it starts from on small pictures
N_RUNS = 300  # of RISE, on large ones: about as many gradients' worth of time
N_SHARES = 4  # a step; each costs two gradients, shown and taken away
LEAST_WEIGHT = 0.01  # of a slope of the score; a probability's is p (1 - p), at most a quarter
SHARE_OF_FIT = 2.0  # of the fitted map in the sum, where each map that it started from has 1
SUM, ALONE = "sum with its start", "fitted map alone"


def compute(model: Model, question: Question, params: Params, progress: Progress) -> Attribution:
    """Return the fitted map (1, 1, H, W), with those that it started from or alone."""
    n_steps = int(params["n_steps"])
    share = N_MASKS / (N_MASKS + 2 * N_SHARES * n_steps)  # of the work, for the start
    starts = _create_starts(model, question, lambda done: progress(share * done))
    fitted = fit(
        model,
        question,
        np.sum(starts, axis=0),
        n_steps,
        lambda done: progress(share + (1 - share) * done),
    )
    heat = standardise(fitted)
    if params["shows"] == SUM:
        heat = SHARE_OF_FIT * heat + np.sum(starts, axis=0)
    return Attribution(heat.astype(np.float32)[np.newaxis, np.newaxis])


def _create_starts(model: Model, question: Question, progress: Progress) -> list[Doubles]:
    """Return the maps (H, W) to start from, each in standard deviations."""
    method, n = (rise.METHOD, N_RUNS) if is_large(question) else (masked_gradients.METHOD, N_MASKS)
    params = {**compute_defaults(method.params), "n_masks": n}
    found = method.compute(model, question, params, progress)
    heat = method.compute_heat(found).astype(np.float64)
    coarse = compute_grad_cam(model, question)
    return [standardise(each) for each in (heat, coarse) if each is not None]


def is_large(question: Question) -> bool:
    """Return whether the picture is a photo of some size."""
    from export.autodiff.deploy.masks import SMALL

    return bool(min(question.inputs.shape[2:]) >= SMALL)


def compute_grad_cam(model: Model, question: Question) -> Doubles | None:
    """Return Grad-CAM's map (H, W) of a large photo; None where there is no layer for it.

    On small pictures a layer's few cells tell less than masked gradients do.
    """
    from export.autodiff.deploy.masks import interpolate

    size = question.inputs.shape[2:]
    if not model.layers or not is_large(question):
        return None
    explained = explain(model, question, question.inputs)
    activation, gradient = (each[0] for each in explained.layers[model.layers[-1]])  # (C', H', W')
    coarse = np.maximum(np.tensordot(gradient.mean(axis=(1, 2)), activation, 1), 0)
    rows, columns = (interpolate(old, new) for old, new in zip(coarse.shape, size, strict=True))
    return np.asarray(rows @ coarse @ columns.T, np.float64)


def fit(
    model: Model, question: Question, start: Doubles, n_steps: int, progress: Progress
) -> Doubles:
    """Return the map (H, W) that ``n_steps`` steps make of ``start`` (H, W)."""
    from export.autodiff.deploy.masks import Fills, deal_kinds, draw_levels, draw_shares

    picture = question.inputs[0]  # (C, H, W)
    rng = np.random.default_rng([question.seed, 2])  # not the masks' stream, nor any judge's
    canvas, fills = Canvas(picture.shape[1:]), Fills(picture)
    kinds = deal_kinds(n_steps * N_SHARES, picture.shape, rng)
    asked = name_rival(model, question)
    adam = Adam(standardise(canvas.pool(start)))
    for step in range(n_steps):
        now = kinds[step * N_SHARES : (step + 1) * N_SHARES]
        hidden = fills.create(now, draw_levels(now, len(picture), rng))
        masks = create_soft_masks(canvas.paint(adam.value), draw_shares(N_SHARES, rng))
        slopes = _compute_rise(model, asked, masks, hidden)
        adam.climb(canvas.trace(follow(masks, slopes)))
        progress((step + 1) / n_steps)
    return canvas.paint(adam.value)


def name_rival(model: Model, question: Question) -> Question:
    """Return the question against the other class, where there are only two.

    The difference of two logits is the log-odds; one of them alone may move without the other.
    """
    n_classes = model.predict(question.inputs).shape[1]
    if question.versus is None and n_classes == 2:
        return replace(question, versus=1 - question.target)
    return question


def _compute_rise(model: Model, question: Question, masks: Doubles, fills: Floats) -> Doubles:
    """Return by masks (n, H, W) the slope of what is shown less that of what is taken away.

    Each slope of the score has the weight p (1 - p) that makes it one of the probability, and a
    little more: a probability at 0 or 1 has no slope, and would be no guide.
    """
    total = np.zeros(masks.shape)
    shown = masks.astype(np.float32)
    for each in (shown, 1 - shown):
        logits, slopes = compute_slopes(model, question, each, fills)
        p = compute_probability(logits, question.target, question.versus)
        weights = (p * (1 - p) + LEAST_WEIGHT)[:, np.newaxis, np.newaxis]
        # What is taken away counts against the map, and its mask is 1 - mask: hence the sum.
        total += weights * slopes.sum(axis=1)
    return total


METHOD = Method(
    name="soft_ranking",
    label="Soft ranking",
    summary="The order of places in which showing them raises the score most.",
    source="Fitted masks: Fong and Vedaldi 2017, https://arxiv.org/abs/1704.03296; of given "
    "shares: Fong, Patrick and Vedaldi 2019, https://arxiv.org/abs/1910.08485",
    compute=compute,
    is_signed=True,
    is_stochastic=True,
    libraries=("export.autodiff.deploy.masks",),
    params=(
        IntParam(
            "n_steps",
            "Steps",
            16,
            4,
            64,
            4,
            "Eight gradients each; the start takes as long as 64, or 300 runs.",
        ),
        ChoiceParam("shows", "Map", SUM, (SUM, ALONE), "What is drawn."),
    ),
    needs_gradients=True,
    if_flat="No order of the places is better than another: whatever is shown, the score is the "
    "same.",
)
