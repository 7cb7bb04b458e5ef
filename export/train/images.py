"""Training a classifier of small grey images, shared by the CNN, its sweep and the ViT."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from export.datasets.fashion_mnist import Images, normalize
from export.train.checkpoint import Checkpoint
from export.train.loop import TakeStep, TrainState, create_generator, descend, train

_SAVE_EVERY = 200  # steps


@dataclass(frozen=True)
class Recipe:
    """How a classifier is trained: SGD with Nesterov momentum or AdamW, one cycle of the rate.

    ``half`` computes in bfloat16, which is faster for convolutions and slower for small matrices.
    ``augment`` mirrors and shifts by up to 2 pixels. One cycle: Smith and Topin 2018.
    """

    steps: int
    batch: int = 128
    rate: float = 0.2
    weight_decay: float = 5e-4
    optimizer: str = "sgd"
    label_smoothing: float = 0.0
    augment: bool = True
    half: bool = True


def fit(
    create: Callable[[], nn.Module],
    data: Images,
    recipe: Recipe,
    seed: int,
    checkpoint: Checkpoint,
    title: str = "",
) -> TrainState:
    """Train a network, or go on from the checkpoint."""
    torch.manual_seed(seed)
    model = create().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimizer = create_optimizer(model, recipe)
    take_step = create_step(
        model, optimizer, data, recipe, seed, lambda step: compute_factor(step, recipe.steps)
    )
    state = TrainState({"model": model}, (optimizer,))
    return train(state, take_step, recipe, seed, checkpoint, title, _SAVE_EVERY, images=len(data))


def create_step(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    data: Images,
    recipe: Recipe,
    seed: int,
    factor: Callable[[int], float],
) -> TakeStep:
    """Return what takes the step of a number; ``factor`` is the share of the recipe's rate then."""
    images = torch.from_numpy(normalize(data.pixels))
    labels = torch.from_numpy(data.labels)
    order = _Order(len(data), recipe.batch, seed)

    def take_step(step: int) -> Tensor:
        chosen = order.take(step)
        batch = images[chosen]
        if recipe.augment:
            batch = augment(batch, create_generator(seed, step))
        with torch.autocast("cpu", torch.bfloat16, enabled=recipe.half):
            logits = model(batch.contiguous(memory_format=torch.channels_last))
        smoothing = recipe.label_smoothing
        loss = F.cross_entropy(logits.float(), labels[chosen], label_smoothing=smoothing)
        return descend(optimizer, loss, recipe.rate * factor(step))

    return take_step


def create_optimizer(model: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    """Return the recipe's optimizer of a network's weights."""
    # Decay pulls weights towards 0, not biases and normalisation's scales.
    matrices = [p for p in model.parameters() if p.ndim > 1]
    vectors = [p for p in model.parameters() if p.ndim <= 1]
    groups = [
        {"params": matrices, "weight_decay": recipe.weight_decay},
        {"params": vectors, "weight_decay": 0.0},
    ]
    if recipe.optimizer == "adamw":
        return torch.optim.AdamW(groups, lr=recipe.rate, betas=(0.9, 0.98))
    return torch.optim.SGD(groups, lr=recipe.rate, momentum=0.9, nesterov=True)


def compute_factor(step: int, steps: int) -> float:
    """Return the share of the learning rate: up over a fifth of the steps, down along a cosine."""
    warm = 0.2 * steps
    if step < warm:
        return (step + 1) / (warm + 1)
    return 0.5 * (1 + math.cos(math.pi * (step - warm) / (steps - warm)))


class _Order:
    """Which images a step sees: epoch after epoch, each in an order of its own."""

    def __init__(self, count: int, batch: int, seed: int) -> None:
        self._count, self._batch, self._seed = count, batch, seed
        self._epoch, self._permutation = -1, np.empty(0, np.int64)

    def take(self, step: int) -> Tensor:
        places = np.arange(step * self._batch, (step + 1) * self._batch)
        chosen = [
            self._get(int(epoch))[places[places // self._count == epoch] % self._count]
            for epoch in np.unique(places // self._count)
        ]
        return torch.from_numpy(np.concatenate(chosen))

    def _get(self, epoch: int) -> NDArray[np.int64]:
        if epoch != self._epoch:
            self._epoch = epoch
            self._permutation = np.random.default_rng((self._seed, epoch)).permutation(self._count)
        return self._permutation


def augment(batch: Tensor, generator: torch.Generator) -> Tensor:
    """Mirror half of the images (N, 1, H, W) and shift each by up to 2 pixels."""
    count, _, height, width = batch.shape
    mirrored = torch.rand(count, generator=generator) < 0.5
    batch = torch.where(mirrored[:, None, None, None], batch.flip(3), batch)
    padded = F.pad(batch, (2, 2, 2, 2), value=float(batch.min()))[:, 0]
    top, left = torch.randint(0, 5, (2, count), generator=generator)
    rows = (top[:, None] + torch.arange(height))[:, :, None]  # (N, H, 1)
    columns = (left[:, None] + torch.arange(width))[:, None, :]  # (N, 1, W)
    return padded[torch.arange(count)[:, None, None], rows, columns][:, None]  # (N, 1, H, W)
