"""RISE, refitted: the same masks and the same runs of the network, read by a regression.

RISE averages masks; this asks which map, added up over what each mask shows, foretells the class's
log-odds best. There are more pixels than masks, so something must be assumed: that neighbours are
alike (a Gaussian process). How alike, and how much of the log-odds no such map can explain, is what
leaves the masks that were not used foretold best. No further run of the network is needed, and the
map may be negative: places that speak against the class.
"""

from __future__ import annotations

import numpy as np

from dashboard.attribution import rise
from dashboard.attribution.base import Attribution, Method, Progress, Question
from dashboard.attribution.params import Params
from dashboard.inference.model import Doubles, Floats, Model
from dashboard.inference.probability import compute_log_odds

_UNITS = 28  # along each side, in which the map is fitted
_LENGTHS = (1.0, 2.0, 4.0)  # units over which neighbours are alike
_FLAT = 1e-6  # log-odds: answers that differ by less are the same
_NOISES = (0.03, 0.1, 0.3, 1.0, 3.0)  # variance that no map explains, to that which one does


def compute(model: Model, question: Question, params: Params, progress: Progress) -> Attribution:
    """Return the fitted map (1, 1, H, W), in log-odds for each pixel that is shown."""
    size = question.inputs.shape[2], question.inputs.shape[3]
    pools = [_create_means(side) for side in size]  # (U, H), (V, W)
    shown, answers = [], []
    for masks, logits in rise.run_masks(model, question, params, progress):
        shown.append(pools[0] @ masks @ pools[1].T)
        answers.append(compute_log_odds(logits, question.target, question.versus))
    coarse = fit(np.concatenate(shown).astype(np.float64), np.concatenate(answers))
    heat = pools[0].T @ coarse @ pools[1]  # each unit's share, spread over its pixels
    return Attribution(heat.astype(np.float32)[np.newaxis, np.newaxis])


def _create_means(side: int) -> Floats:
    """Return the matrix (U, side) of the mean over each of up to 28 units along a side."""
    units = min(_UNITS, side)
    place = np.arange(side) * units // side
    weights = (place == np.arange(units)[:, np.newaxis]).astype(np.float32)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def fit(shown: Doubles, answers: Doubles) -> Doubles:
    """Return the map (U, V) whose sums over masks (n, U, V) foretell answers (n,).

    Ridge regression in its dual form: the posterior mean of a Gaussian process with a Gaussian
    kernel (Rasmussen & Williams 2006, "Gaussian Processes for Machine Learning", eq. 2.23), its
    length and noise chosen by the leave-one-out error, which needs no second fit (eq. 5.12).
    """
    centred = shown - shown.mean(axis=0)
    wanted = answers - answers.mean()
    if (answers == answers[0]).all() or np.ptp(answers) <= _FLAT:  # infinite ones have no spread
        return np.zeros(shown.shape[1:])
    best = np.inf, np.full(shown.shape[1:], np.nan)  # of answers that are not finite there is none
    for length in _LENGTHS:
        smooth = _smooth(centred, length)  # (n, U, V)
        values, vectors = np.linalg.eigh(np.tensordot(smooth, centred, ((1, 2), (1, 2))))
        scale = max(float(values.mean()), 1e-12)
        for noise in _NOISES:
            inverse = (vectors / (np.maximum(values, 0) + noise * scale)) @ vectors.T
            weights = inverse @ wanted
            error = float(((weights / np.diag(inverse)) ** 2).mean())
            if error < best[0]:
                best = error, np.tensordot(weights, smooth, 1)
    return best[1]


def _smooth(shown: Doubles, length: float) -> Doubles:
    rows, columns = (
        np.exp(-0.5 * ((np.arange(side)[:, np.newaxis] - np.arange(side)) / length) ** 2)
        for side in shown.shape[1:]
    )
    return np.asarray(rows @ shown @ columns)


METHOD = Method(
    name="rise_refitted",
    label="RISE, refitted",
    summary="RISE's masks and runs, read by a regression instead of a mean.",
    source="Masks: Petsiuk et al. 2018, https://arxiv.org/abs/1806.07421; Gaussian processes: "
    "Rasmussen and Williams 2006, https://gaussianprocess.org/gpml/",
    compute=compute,
    is_signed=True,
    is_stochastic=True,
    params=rise.METHOD.params,
    if_flat="Whatever the masks show, the network's log-odds of the class stay the same.",
)
