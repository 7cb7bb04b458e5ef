"""Training the noise predictor, resumable."""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from models.denoiser import NO_CLASS, TIMES, create_denoiser
from torch import Tensor, nn

from export.arrays import Doubles
from export.datasets.fashion_mnist import Images
from export.train.checkpoint import Checkpoint
from export.train.generated import scale_pixels
from export.train.loop import TrainState, average_into, create_generator, descend, train

FAINTEST = 0.001  # share of an image's power
_SAVE_EVERY = 250  # steps


@dataclass(frozen=True)
class Recipe:
    """AdamW with a warm-up and a cosine, averaged weights, the class dropped now and then."""

    steps: int
    batch: int = 64
    rate: float = 1e-3
    warm_up: int = 500
    drop_class: float = 0.1
    average: float = 0.999


def fit(data: Images, recipe: Recipe, seed: int, checkpoint: Checkpoint) -> TrainState:
    """Train, or go on from the checkpoint; what is shipped is the weights' running average."""
    torch.manual_seed(seed)
    model = create_denoiser().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    average = copy.deepcopy(model)
    optimizer = torch.optim.AdamW(model.parameters(), lr=recipe.rate, weight_decay=1e-3)
    images, labels = scale_pixels(data), torch.from_numpy(data.labels)
    alphas_bar = torch.from_numpy(compute_alphas_bar(TIMES)).float()

    def take_step(step: int) -> Tensor:
        random = create_generator(seed, step)
        loss = compute_loss(model, images, labels, alphas_bar, recipe, random)
        descend(optimizer, loss, recipe.rate * compute_factor(step, recipe), clip=1.0)
        average_into(average, model, min(recipe.average, (step + 1) / (step + 10)))
        return loss.detach()

    state = TrainState({"raw": model, "model": average}, (optimizer,))
    return train(
        state, take_step, recipe, seed, checkpoint, "diffusion", _SAVE_EVERY, images=len(data)
    )


def compute_alphas_bar(times: int) -> Doubles:
    """Return the share of signal power left at each time: a cosine (Nichol, Dhariwal 2021)."""
    angles = (np.arange(times + 1) / times + 0.008) / 1.008 * np.pi / 2
    kept = np.cos(angles) ** 2
    return np.cumprod(np.clip(kept[1:] / kept[:-1], 0.001, 1.0))


def find_first_time(alphas_bar: Doubles) -> int:
    """Return the last time with ``FAINTEST`` of the image's power left: sampling begins there.

    Later, there is nothing to see, and dividing by nearly 0 would blow up the smallest error.
    """
    return int(np.flatnonzero(alphas_bar >= FAINTEST)[-1])


def compute_factor(step: int, recipe: Recipe) -> float:
    """Return the share of the learning rate: up over the warm-up, down to 0 along a cosine."""
    falling = 0.5 * (1 + math.cos(math.pi * step / recipe.steps))
    return min(1.0, (step + 1) / recipe.warm_up) * falling


def compute_loss(
    model: nn.Module,
    images: Tensor,
    labels: Tensor,
    alphas_bar: Tensor,
    recipe: Recipe,
    generator: torch.Generator,
) -> Tensor:
    """Return the squared error of the predicted noise, averaged over one batch."""
    count = recipe.batch
    chosen = torch.randint(0, len(images), (count,), generator=generator)
    # One time out of each of ``count`` even parts: the same mean, less scatter of the loss.
    places = (torch.arange(count) + torch.rand(count, generator=generator)) / count
    time = (places * len(alphas_bar)).long()
    noise = torch.randn((count, *images.shape[1:]), generator=generator)
    kept = alphas_bar[time][:, None, None, None]
    noisy = kept.sqrt() * images[chosen] + (1 - kept).sqrt() * noise
    is_dropped = torch.rand(count, generator=generator) < recipe.drop_class
    condition = torch.where(is_dropped, NO_CLASS, labels[chosen])
    with torch.autocast("cpu", torch.bfloat16):
        predicted = model(noisy.contiguous(memory_format=torch.channels_last), time, condition)
    return F.mse_loss(predicted.float(), noise)
