"""Training until more training no longer helps, judged on images that no step sees.

The rate is constant until the accuracy on the held-out images has not risen for a while, then falls
tenfold, and again; at the third plateau the run is over (He et al. 2016, section 4.2: "divided by
10 when the error plateaus"). What is kept are the weights of the best check: early stopping
(Prechelt 1998).
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from export.datasets.fashion_mnist import Images, normalize
from export.train.checkpoint import Checkpoint
from export.train.images import Recipe, create_optimizer, create_step
from export.train.loop import TrainState

_BATCH = 500  # images that are judged at once


@dataclass(frozen=True)
class Patience:
    """When the rate falls: no better check of ``steps`` steps, nor of ``epochs`` epochs.

    Checks are ``every`` so many steps apart; the rate is multiplied by ``cut``, ``cuts`` times.
    The first ``warm`` steps climb to the rate.
    """

    every: int = 250
    steps: int = 1_000
    epochs: int = 4
    cut: float = 0.1
    cuts: int = 2
    warm: int = 100

    def count_checks(self, images: int, batch: int) -> int:
        """Return after how many checks without a better one the rate falls."""
        return -(-max(self.steps, round(self.epochs * images / batch)) // self.every)


@dataclass(frozen=True)
class Progress:
    """What checks so far amount to: rates cut, the best check's index (-1: none), is it over."""

    cuts: int
    best: int
    is_over: bool


def follow(checks: Sequence[float], wait: int, cuts: int) -> Progress:
    """Return how far a run is: its rate falls after ``wait`` checks that were no better.

    Pure, so that a run that goes on from a checkpoint decides as one that was never interrupted.
    """
    best, since, done = -1, 0, 0
    for index, value in enumerate(checks):
        since += 1
        if best < 0 or value > checks[best]:
            best, since = index, 0
        if since >= wait:
            since, done = 0, done + 1
    return Progress(min(done, cuts), best, done > cuts)


def converge(
    create: Callable[[], nn.Module],
    data: Images,
    held_out: Images,
    recipe: Recipe,
    patience: Patience,
    seed: int,
    checkpoint: Checkpoint,
) -> TrainState:
    """Train a network until three plateaus, or the recipe's most steps; go on from the checkpoint.

    The state's "model" has the weights of the best check and is in evaluation mode; its history
    holds (step, mean training loss since the check before, accuracy on ``held_out`` in [0, 1]).

    Raises:
        OSError: the checkpoint cannot be written.
    """
    state = _begin(create, recipe, seed)
    run = {"seed": seed, "images": len(data), **asdict(recipe), **asdict(patience)}
    if (kept := checkpoint.load(run)) is not None:
        state.resume(kept)
    current, wait = state.networks["current"], patience.count_checks(len(data), recipe.batch)
    asked = torch.from_numpy(normalize(held_out.pixels))

    def compute_factor(step: int) -> float:
        cuts = follow(_get_checks(state), wait, patience.cuts).cuts
        return float(patience.cut**cuts) * min(1.0, (step + 1) / patience.warm)

    take_step = create_step(current, state.optimizers[0], data, recipe, seed, compute_factor)
    while state.step < recipe.steps and not follow(_get_checks(state), wait, patience.cuts).is_over:
        stop = min(state.step + patience.every, recipe.steps)
        with state.meter.running():
            losses = [float(take_step(step)) for step in range(state.step, stop)]
            share = float((_predict(current, asked) == held_out.labels).mean())
        state.step = stop
        state.history.append((stop, sum(losses) / len(losses), share))
        if follow(_get_checks(state), wait, patience.cuts).best == len(state.history) - 1:
            state.model.load_state_dict(current.state_dict())
        checkpoint.save(state.describe())
    state.model.eval()
    return state


def _begin(create: Callable[[], nn.Module], recipe: Recipe, seed: int) -> TrainState:
    torch.manual_seed(seed)
    current = create().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    networks = {"current": current, "model": copy.deepcopy(current)}
    return TrainState(networks, (create_optimizer(current, recipe),))


def _get_checks(state: TrainState) -> list[float]:
    return [float(figures[-1]) for _, *figures in state.history]


@torch.no_grad()
def _predict(model: nn.Module, images: Tensor) -> NDArray[np.int64]:
    model.eval()
    answers = [model(part).argmax(1) for part in torch.split(images, _BATCH)]
    model.train()
    found: NDArray[np.int64] = torch.cat(answers).numpy()
    return found
