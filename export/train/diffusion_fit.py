"""Training the noise predictor, resumable."""

from __future__ import annotations

import copy
import math
from dataclasses import asdict, dataclass, field

import torch
import torch.nn.functional as F
from models.denoiser import NO_CLASS, TIMES, Denoiser, create_denoiser
from torch import Tensor, nn
from tqdm import tqdm

from export.datasets.fashion_mnist import Images
from export.sampler import compute_alphas_bar
from export.train.checkpoint import Checkpoint
from export.train.generated import scale_pixels
from export.train.meter import Meter

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


@dataclass
class Fitted:
    """``model``: the running average of the trained weights; (step, mean loss since the last)."""

    model: Denoiser
    history: list[tuple[int, float]] = field(default_factory=list)
    meter: Meter = field(default_factory=Meter)


def fit(data: Images, recipe: Recipe, seed: int, checkpoint: Checkpoint) -> Fitted:
    """Train, or go on training; every random choice follows from the seed and the step."""
    torch.manual_seed(seed)
    model = create_denoiser().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimizer = torch.optim.AdamW(model.parameters(), lr=recipe.rate, weight_decay=1e-3)
    fitted, start = Fitted(copy.deepcopy(model)), 0
    state = checkpoint.load(run={"seed": seed, "images": len(data), **asdict(recipe)})
    if state is not None:
        model.load_state_dict(state["raw"])
        fitted.model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        fitted.history = [(int(step), float(loss)) for step, loss in state["history"]]
        fitted.meter = Meter(**state["meter"])
        start = int(state["step"])
    images, labels = scale_pixels(data), torch.from_numpy(data.labels)
    alphas_bar = torch.from_numpy(compute_alphas_bar(TIMES)).float()
    bar = tqdm(initial=start, total=recipe.steps, desc="diffusion", mininterval=5)
    while start < recipe.steps:
        upto, losses = min(start + _SAVE_EVERY, recipe.steps), []
        with fitted.meter.running():
            for step in range(start, upto):
                for group in optimizer.param_groups:
                    group["lr"] = recipe.rate * compute_factor(step, recipe)
                generator = torch.Generator().manual_seed(seed * 1_000_003 + step)
                loss = compute_loss(model, images, labels, alphas_bar, recipe, generator)
                optimizer.zero_grad(set_to_none=True)
                loss.backward()  # type: ignore[no-untyped-call]
                nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                optimizer.step()
                average_into(fitted.model, model, min(recipe.average, (step + 1) / (step + 10)))
                losses.append(float(loss.detach()))
                bar.update()
        start = upto
        fitted.history.append((start, sum(losses) / len(losses)))
        checkpoint.save(
            {
                "step": start,
                "raw": model.state_dict(),
                "model": fitted.model.state_dict(),
                "optimizer": optimizer.state_dict(),
                "history": [list(entry) for entry in fitted.history],
                "meter": fitted.meter.state(),
            }
        )
    bar.close()
    fitted.model.eval()
    return fitted


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


@torch.no_grad()
def average_into(average: nn.Module, model: nn.Module, keep: float) -> None:
    """Move the averaged weights (and buffers) a little towards the model's."""
    for old, new in zip(average.state_dict().values(), model.state_dict().values(), strict=True):
        if old.is_floating_point():
            old.lerp_(new, 1 - keep)
        else:
            old.copy_(new)
