"""Training one network to recall, and what is measured of it by lag and by length."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from export.datasets.recall import LAGS, MAX_LAG, MIN_LAG, SYMBOLS, create_sequences, draw_lag
from export.train.checkpoint import Checkpoint
from export.train.loop import TrainState, descend, train

LENGTHS = (16, 32, 64, 128, 256, 512)  # of the sequences whose throughput is measured
_SAVE_EVERY = 100  # steps
_TEST_SEED, _GRADIENT_SEED = 7, 8  # beside those of the training's steps


@dataclass(frozen=True)
class Recipe:
    """How a network is trained: Adam with clipped gradients, one lag a step.

    ``near``: lags are drawn evenly on a logarithmic scale, so that most are short and lead the way
    to the long ones; otherwise all lags from 1 to 256 are equally likely.
    """

    steps: int
    near: bool = True
    batch: int = 64
    rate: float = 2e-3
    clip: float = 1.0


def fit(
    create: Callable[[], nn.Module], recipe: Recipe, seed: int, checkpoint: Checkpoint, title: str
) -> TrainState:
    """Train a network, or go on from the checkpoint."""
    torch.manual_seed(seed)
    model = create()
    optimizer = torch.optim.Adam(model.parameters(), lr=recipe.rate)

    def take_step(step: int) -> Tensor:
        random = np.random.default_rng((seed, step))
        lag = draw_lag(random) if recipe.near else int(random.integers(MIN_LAG, MAX_LAG + 1))
        data = create_sequences(recipe.batch, lag, (seed, step))
        loss = F.cross_entropy(model(torch.from_numpy(data.tokens)), torch.from_numpy(data.answers))
        factor = min(1.0, 4 * (1 - step / recipe.steps))  # down to 0 over the last quarter
        return descend(optimizer, loss, recipe.rate * factor, recipe.clip)

    state = TrainState({"model": model}, (optimizer,))
    return train(state, take_step, recipe, seed, checkpoint, title, _SAVE_EVERY)


def compute_gradient_norms(model: nn.Module, count: int) -> dict[str, float]:
    """Return by lag how strongly the answer's loss depends on the first symbol's embedding.

    The Euclidean norm of the loss's gradient by that embedding, averaged over ``count`` sequences:
    what learning from a symbol so far back has to work with.
    """
    return {str(lag): _compute_gradient_norm(model, lag, count) for lag in LAGS}


def _compute_gradient_norm(model: nn.Module, lag: int, count: int) -> float:
    data = create_sequences(count, lag, (_GRADIENT_SEED,))
    read = cast(Callable[[Tensor], Tensor], model.read)
    embedded = cast(nn.Embedding, model.embedding)(torch.from_numpy(data.tokens)).detach()
    embedded.requires_grad_(True)  # (N, T, width)
    loss = F.cross_entropy(read(embedded), torch.from_numpy(data.answers), reduction="sum")
    (gradient,) = torch.autograd.grad(loss, embedded)
    return float(gradient[:, 0].norm(dim=1).mean())


def create_test(count: int, lag: int) -> Any:
    """Return test sequences, which no training step of any seed draws."""
    return create_sequences(count, lag, (_TEST_SEED, _TEST_SEED, _TEST_SEED))


def measure_throughput(
    models: dict[str, nn.Module], device: str, batch: int = 32, repeats: int = 7
) -> dict[str, dict[str, float]]:
    """Return sequences a second, forward and backward, by network and by length.

    The fastest of ``repeats`` runs, taken in turns so that a busy moment hits all alike: other
    programs can only slow a run down.
    """
    found: dict[str, dict[str, float]] = {name: {} for name in models}
    for model in models.values():
        model.to(device)
    for length in LENGTHS:
        times: dict[str, list[float]] = {name: [] for name in models}
        tokens = torch.randint(0, len(SYMBOLS), (batch, length), device=device)
        for _ in range(repeats + 1):
            for name, model in models.items():
                times[name].append(_time(model, tokens))
        for name, values in times.items():
            found[name][str(length)] = batch / min(values[1:])  # the first one warms up
    for model in models.values():
        model.to("cpu")
        model.zero_grad(set_to_none=True)
    return found


def _time(model: nn.Module, tokens: Tensor) -> float:
    started = time.perf_counter()
    model(tokens).logsumexp(1).sum().backward()
    if tokens.is_cuda:
        torch.cuda.synchronize()
    return time.perf_counter() - started
