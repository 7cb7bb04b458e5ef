"""Adversarial perturbations: the smallest-looking change that hurts the model most.

Every input moves at most ``epsilon`` grey levels a pixel and channel (the L-infinity ball) in the
direction in which the score of its true class falls. FGSM takes one step: Goodfellow et al. 2015,
https://arxiv.org/abs/1412.6572, section 4. PGD takes many small ones from a random start inside
the ball: Madry et al. 2018, https://arxiv.org/abs/1706.06083, equation 1 and section 2.1.

Both papers climb the cross-entropy; the models here give the gradient of a score. "score" lowers
the logit of the true class; "margin" lowers its lead over the strongest other class, which (for
one step, and two classes) has the same sign as the cross-entropy's gradient and is the default.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from dashboard.inference.model import Floats, Ints, Model

Aim = Literal["margin", "score"]


def compute_fgsm(
    model: Model, inputs: Floats, target: Ints, epsilon: float, aim: Aim = "margin"
) -> Floats:
    """Return adversarial twins of ``inputs`` (N, C, H, W), preprocessed, of true classes (N,).

    ``epsilon`` is in grey levels, [0, 255]. The result stays within the valid range.

    Raises:
        ValueError: ``epsilon`` is out of range, or ``target`` does not fit the inputs.
        RuntimeError: the model has no gradient graph.
    """
    _check(inputs, target, epsilon)
    reach = epsilon * _compute_grey_level(model)
    direction = np.sign(_compute_gradient(model, inputs, target, aim))
    return _project(model, inputs, inputs - reach * direction, reach)


def compute_pgd(
    model: Model,
    inputs: Floats,
    target: Ints,
    epsilon: float,
    n_steps: int = 10,
    step: float | None = None,
    seed: int = 0,
    aim: Aim = "margin",
) -> Floats:
    """Return adversarial twins as ``compute_fgsm``, by ``n_steps`` steps of ``step`` grey levels.

    Without ``step``, a step is 2.5 epsilon / n_steps, so that every corner of the ball can be
    reached from the random start, as in the authors' code. ``seed`` draws that start.

    Raises:
        ValueError: as ``compute_fgsm``, or a step's number or size is not positive.
        RuntimeError: the model has no gradient graph.
    """
    _check(inputs, target, epsilon)
    if n_steps < 1 or (step is not None and not step > 0):
        raise ValueError("An attack needs at least one step, and a step must be above 0.")
    grey = _compute_grey_level(model)
    reach = epsilon * grey
    stride = (2.5 * epsilon / n_steps if step is None else step) * grey
    start = np.random.default_rng(seed).uniform(-1, 1, inputs.shape).astype(np.float32)
    twins = _project(model, inputs, inputs + reach * start, reach)
    for _ in range(n_steps):
        direction = np.sign(_compute_gradient(model, twins, target, aim))
        twins = _project(model, inputs, twins - stride * direction, reach)
    return twins


def compute_levels(model: Model, inputs: Floats, twins: Floats) -> float:
    """Return the largest change of any pixel between two batches (N, C, H, W), in grey levels."""
    return float(np.max(np.abs(twins - inputs) / _compute_grey_level(model), initial=0))


def _compute_grey_level(model: Model) -> Floats:
    """Return what one grey level of 255 is in preprocessed values, (C, 1, 1), above 0."""
    black, white = model.input_range
    level: Floats = np.abs(white - black) / np.float32(255)
    return level


def _compute_gradient(model: Model, inputs: Floats, target: Ints, aim: Aim) -> Floats:
    if aim == "score":
        return model.explain(inputs, target).gradient
    rivals = model.predict(inputs).copy()  # (N, K)
    if rivals.shape[1] < 2:
        raise ValueError("A margin needs a second class, and this model has one.")
    rivals[np.arange(len(inputs)), target] = -np.inf
    return model.explain(inputs, target, rivals.argmax(axis=1)).gradient


def _project(model: Model, inputs: Floats, twins: Floats, reach: Floats) -> Floats:
    """Return ``twins`` clipped to the ball of ``reach`` (C, 1, 1) around ``inputs``, and valid."""
    black, white = model.input_range
    inside = np.clip(twins, inputs - reach, inputs + reach)
    valid: Floats = np.clip(inside, np.minimum(black, white), np.maximum(black, white))
    return valid.astype(np.float32)


def _check(inputs: Floats, target: Ints, epsilon: float) -> None:
    if not 0 <= epsilon <= 255:
        raise ValueError(f"Epsilon must be between 0 and 255 grey levels, not {epsilon}.")
    if target.shape != inputs.shape[:1]:
        raise ValueError(f"There are {len(inputs)} inputs and {target.size} true classes.")
