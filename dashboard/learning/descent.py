"""Gradient descent, blindfolded on a mountain: only the slope underfoot is known.

``descend`` walks, then says how it went by what can be measured on the path.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

import numpy as np

from dashboard.inference.model import Doubles
from dashboard.learning.optimizers import create_state, step_momentum
from dashboard.learning.surfaces import Minimum, Point, Surface, compute_size

NEAR = 0.01  # of the domain's longer side: closer than this counts as being there
FAR = 5.0  # half sides from the middle of the domain: who is farther is gone
STRAIGHT = 0.5  # a path that gets less than half as far as it walks goes to and fro


class Verdict(Enum):
    """How a walk ended; the value is the sentence for the reader."""

    GLOBAL_MINIMUM = "It settled at the lowest point there is."
    LOCAL_MINIMUM = "It settled in a valley that is not the deepest: every way out leads uphill."
    SADDLE = "It stopped on a pass: the ground is level, though there is lower ground beside it."
    OSCILLATING = "It goes to and fro and gets nowhere: the rate or the momentum is too large."
    CRAWLING = "It was still on its way when its steps were used up: they are short here."
    DIVERGED = "It left the map or ended higher than it began: the steps are too long."


@dataclass(frozen=True, eq=False)
class Descent:
    """A walk: ``path`` (steps + 1, 2) with its ``values`` (steps + 1,), fewer where it diverged.

    ``minimum`` is the one it settled at, if any; ``reversals`` counts the steps that went more
    back than on.
    """

    path: Doubles
    values: Doubles
    verdict: Verdict
    minimum: Minimum | None
    reversals: int


def descend(
    surface: Surface,
    start: Point,
    rate: float,
    momentum: float = 0.0,
    steps: int | None = None,
) -> Descent:
    """Walk ``steps`` steps down ``surface`` from ``start``; stops early where it is ``FAR`` off.

    ``steps`` None is the surface's own number. Verdicts, first that fits:

    - diverged: the walk ends outside the domain, or higher than its start and than it ever was;
    - a minimum, a saddle: the last tenth of the path (5 points at least) stays ``NEAR`` to it;
    - oscillating: the second half of the path gets less than ``STRAIGHT`` of its length away;
    - crawling: anything else.

    Raises:
        ValueError: the start is outside the domain, the rate is not a positive number, the momentum
            not in [0, 1), or there is no step.
    """
    if not surface.has_inside(start):
        raise ValueError(f"the start must lie on the map, {surface.domain}, not at {start}")
    if not (math.isfinite(rate) and rate > 0):
        raise ValueError(f"the learning rate must be more than 0, not {rate}")
    n_steps = surface.steps if steps is None else steps
    if not 0 <= momentum < 1 or n_steps < 1:
        raise ValueError("the momentum must be in [0, 1), and there must be a step")
    path = _walk(surface, start, rate, momentum, n_steps)
    values = surface.value(path)
    moves = np.diff(path, axis=0)  # (steps, 2)
    reversals = int(((moves[1:] * moves[:-1]).sum(axis=1) < 0).sum())
    verdict, minimum = _judge(surface, path, values)
    return Descent(path, values, verdict, minimum, reversals)


def _walk(surface: Surface, start: Point, rate: float, momentum: float, steps: int) -> Doubles:
    path = [np.array(start, dtype=np.float64)]
    state = create_state(path[0])
    for _ in range(steps):
        gradient = surface.gradient(path[-1])
        point, state = step_momentum(path[-1], gradient, state, rate, momentum)
        path.append(point)
        if _is_gone(surface, point):
            break
    return np.stack(path)


def _is_gone(surface: Surface, point: Doubles) -> bool:
    for at, (low, high) in zip(point, surface.domain, strict=True):
        if not abs(at - (low + high) / 2) <= FAR * (high - low) / 2:  # also where it is no number
            return True
    return False


def _judge(surface: Surface, path: Doubles, values: Doubles) -> tuple[Verdict, Minimum | None]:
    is_higher = values[-1] > values[0] and values[-1] >= values.max()
    if is_higher or not surface.has_inside((path[-1][0], path[-1][1])):
        return Verdict.DIVERGED, None
    near = NEAR * compute_size(surface)
    for minimum in surface.minima:
        if _has_settled(path, minimum.point, near):
            reached = Verdict.GLOBAL_MINIMUM if minimum.is_global else Verdict.LOCAL_MINIMUM
            return reached, minimum
    if any(_has_settled(path, saddle, near) for saddle in surface.saddles):
        return Verdict.SADDLE, None
    is_straight = _compute_straightness(path) >= STRAIGHT
    return (Verdict.CRAWLING if is_straight else Verdict.OSCILLATING), None


def _has_settled(path: Doubles, point: Point, near: float) -> bool:
    last = path[-max(5, len(path) // 10) :]
    return bool((np.hypot(*(last - point).T) <= near).all())


def _compute_straightness(path: Doubles) -> float:
    """Return how far the second half of the path gets, as a share of how far it walks."""
    half = path[len(path) // 2 :] if len(path) > 2 else path
    length = float(np.hypot(*np.diff(half, axis=0).T).sum())
    return float(np.hypot(*(half[-1] - half[0]))) / length if length > 0 else 1.0
