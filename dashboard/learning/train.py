"""Training a small network live: every epoch is a frame that a page can play and scrub."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from dashboard.learning.mlp import Forward, Gradients, Network, backward, compute_loss, forward
from dashboard.learning.optimizers import OptimizerState, create_state, get_optimizer
from dashboard.learning.problems import Points, Split

LIMIT = 1e6  # a run whose weights grow beyond it has diverged, though no number overflows yet


@dataclass(frozen=True)
class Settings:
    """How to train. ``rate`` None is the optimizer's own; ``batch_size`` is clipped to the data.

    Raises:
        ValueError: a rate that is not a positive number, an empty batch, a negative epoch.
        KeyError: there is no optimizer of that name.
    """

    optimizer: str = "adam"
    rate: float | None = None
    batch_size: int = 32
    epochs: int = 200
    seed: int = 0

    def __post_init__(self) -> None:
        get_optimizer(self.optimizer)
        if self.rate is not None and not (math.isfinite(self.rate) and self.rate > 0):
            raise ValueError(f"the learning rate must be more than 0, not {self.rate}")
        if self.batch_size < 1 or self.epochs < 0:
            raise ValueError("a batch holds at least one point, and epochs are not negative")


@dataclass(frozen=True)
class Score:
    """``loss`` is the mean cross-entropy in nats, ``accuracy`` the share of right answers."""

    loss: float
    accuracy: float


@dataclass(frozen=True, eq=False)
class Frame:
    """The network after ``epoch`` passes through the data; epoch 0 is the untrained one."""

    epoch: int
    network: Network
    train: Score
    test: Score


@dataclass(frozen=True, eq=False)
class Update:
    """One step of the training, opened: what went forward, what came back, what it changed."""

    passed: Forward
    loss: float
    gradients: Gradients
    network: Network  # after the step
    state: OptimizerState


def take_step(
    network: Network, batch: Points, state: OptimizerState, optimizer: str, rate: float
) -> Update:
    """Return one forward pass, backward pass and update on ``batch``."""
    passed = forward(network, batch.inputs)
    gradients = backward(network, passed, batch.labels)
    step = get_optimizer(optimizer).step
    parameters, state = step(network.flatten(), gradients.flatten(), state, rate)
    loss = compute_loss(passed.logits, batch.labels)
    return Update(passed, loss, gradients, network.replace(parameters), state)


def train(network: Network, split: Split, settings: Settings | None = None) -> Iterator[Frame]:
    """Yield the untrained network, then the network after every epoch; the same for the same seed.

    A run whose weights grow beyond ``LIMIT`` ends with the frame before: see ``has_diverged``.
    """
    chosen = settings or Settings()
    rate = get_optimizer(chosen.optimizer).rate if chosen.rate is None else chosen.rate
    state = create_state(network.flatten())
    yield _create_frame(0, network, split)
    for epoch in range(1, chosen.epochs + 1):
        with np.errstate(over="ignore", invalid="ignore"):  # overflow is an answer: diverged
            for batch in _iterate_batches(split.train, chosen, epoch):
                update = take_step(network, batch, state, chosen.optimizer, rate)
                network, state = update.network, update.state
            frame = _create_frame(epoch, network, split)
        if not np.abs(network.flatten()).max() <= LIMIT:  # also where a weight is no number
            return
        yield frame


def has_diverged(frames: Sequence[Frame], settings: Settings) -> bool:
    """Return whether a whole run's ``frames`` end before its last epoch."""
    return len(frames) < settings.epochs + 1


def compute_score(network: Network, points: Points) -> Score:
    """Return loss and accuracy of ``network`` on ``points``."""
    logits = forward(network, points.inputs).logits
    right = (logits > 0) == (points.labels == 1)
    return Score(compute_loss(logits, points.labels), float(right.mean()))


def _iterate_batches(points: Points, settings: Settings, epoch: int) -> Iterator[Points]:
    order = np.random.default_rng([settings.seed, epoch]).permutation(len(points))
    for start in range(0, len(points), settings.batch_size):
        yield points.take(order[start : start + settings.batch_size])


def _create_frame(epoch: int, network: Network, split: Split) -> Frame:
    scores = (compute_score(network, part) for part in (split.train, split.test))
    return Frame(epoch, network, *scores)
