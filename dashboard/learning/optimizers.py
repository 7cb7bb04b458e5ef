"""How a gradient becomes a step: pure functions from parameters and a gradient to new parameters.

A new optimizer is one function and one entry in ``OPTIMIZERS``. All work on arrays of any shape.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from dashboard.inference.model import Doubles


@dataclass(frozen=True, eq=False)
class OptimizerState:
    """What an optimizer remembers: steps taken, and running sums of gradients and their squares.

    ``velocity`` and ``square`` have the parameters' shape; plain gradient descent leaves both at 0.
    """

    count: int
    velocity: Doubles
    square: Doubles


def create_state(parameters: Doubles) -> OptimizerState:
    """Return the memory before the first step."""
    return OptimizerState(0, np.zeros_like(parameters), np.zeros_like(parameters))


Update = Callable[[Doubles, Doubles, OptimizerState, float], tuple[Doubles, OptimizerState]]


@dataclass(frozen=True)
class Optimizer:
    """``step(parameters, gradients, state, rate)`` returns the new parameters and the new state.

    ``rate`` is a learning rate to start with.
    """

    name: str
    label: str
    summary: str
    source: str
    rate: float
    step: Update


def step_gradient_descent(
    parameters: Doubles, gradients: Doubles, state: OptimizerState, rate: float
) -> tuple[Doubles, OptimizerState]:
    """w <- w - rate g: straight downhill from here."""
    after = OptimizerState(state.count + 1, state.velocity, state.square)
    return parameters - rate * gradients, after


def step_momentum(
    parameters: Doubles,
    gradients: Doubles,
    state: OptimizerState,
    rate: float,
    momentum: float = 0.9,
) -> tuple[Doubles, OptimizerState]:
    """v <- momentum v + g, w <- w - rate v: a heavy ball that keeps some of its speed.

    With a constant rate this is Polyak's w_(t+1) = w_t - rate g + momentum (w_t - w_(t-1)).
    """
    velocity = momentum * state.velocity + gradients
    after = OptimizerState(state.count + 1, velocity, state.square)
    return parameters - rate * velocity, after


def step_adam(
    parameters: Doubles,
    gradients: Doubles,
    state: OptimizerState,
    rate: float,
    betas: tuple[float, float] = (0.9, 0.999),
    epsilon: float = 1e-8,
) -> tuple[Doubles, OptimizerState]:
    """Step by the mean gradient over the root of the mean squared gradient, weight by weight.

        m <- beta1 m + (1 - beta1) g,   v <- beta2 v + (1 - beta2) g^2
        w <- w - rate m' / (sqrt(v') + epsilon),   m' = m / (1 - beta1^t),  v' = v / (1 - beta2^t)

    The divisions by 1 - beta^t make up for the start at 0.
    """
    beta1, beta2 = betas
    count = state.count + 1
    mean = beta1 * state.velocity + (1 - beta1) * gradients
    square = beta2 * state.square + (1 - beta2) * gradients**2
    direction = mean / (1 - beta1**count) / (np.sqrt(square / (1 - beta2**count)) + epsilon)
    return parameters - rate * direction, OptimizerState(count, mean, square)


OPTIMIZERS: tuple[Optimizer, ...] = (
    Optimizer(
        "gradient_descent",
        "Gradient descent",
        "Straight downhill; the learning rate says how far.",
        "Cauchy 1847; in batches: Robbins and Monro 1951",
        0.5,
        step_gradient_descent,
    ),
    Optimizer(
        "momentum",
        "Momentum",
        "Keeps nine tenths of its speed: faster along valleys, it overshoots in bowls.",
        "Polyak 1964",
        0.1,
        step_momentum,
    ),
    Optimizer(
        "adam",
        "Adam",
        "A step size of its own for every weight, from how large its gradients have been.",
        "Kingma and Ba 2015, arXiv:1412.6980",
        0.03,
        step_adam,
    ),
)

_BY_NAME = {optimizer.name: optimizer for optimizer in OPTIMIZERS}


def get_optimizer(name: str) -> Optimizer:
    """Return the optimizer called ``name``; raises KeyError if there is none."""
    return _BY_NAME[name]
