"""The loops with which the zoo's weights came to be, one a family, written out.

What the one loop of ``export.train`` must be equal to, weight by weight: the cards' commands rest
on it. No checkpoints, no progress, no cost here: the arithmetic alone.
"""

import copy
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import clip_grad_norm_

from export.datasets.fashion_mnist import Images, normalize
from export.datasets.imdb import pad
from export.datasets.pronoun_tokens import Encoded
from export.datasets.recall import create_sequences, draw_lag
from export.train import diffusion_fit, gan_fit, images, pronoun_fit, recall_fit, text_fit
from export.train.generated import scale_pixels
from models.denoiser import NO_CLASS, TIMES, create_denoiser
from models.discriminator import create_discriminator
from models.generator import LATENT, create_generator

Create = Callable[[], nn.Module]


def train_images(create: Create, data: Images, recipe: images.Recipe, seed: int) -> nn.Module:
    torch.manual_seed(seed)
    model = create().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    groups = [
        {
            "params": [p for p in model.parameters() if p.ndim > 1],
            "weight_decay": recipe.weight_decay,
        },
        {"params": [p for p in model.parameters() if p.ndim <= 1], "weight_decay": 0.0},
    ]
    optimizer: torch.optim.Optimizer = (
        torch.optim.AdamW(groups, lr=recipe.rate, betas=(0.9, 0.98))
        if recipe.optimizer == "adamw"
        else torch.optim.SGD(groups, lr=recipe.rate, momentum=0.9, nesterov=True)
    )
    inputs, labels = torch.from_numpy(normalize(data.pixels)), torch.from_numpy(data.labels)
    epochs = 1 + recipe.steps * recipe.batch // len(data)
    order = np.concatenate(
        [np.random.default_rng((seed, epoch)).permutation(len(data)) for epoch in range(epochs)]
    )
    warm = 0.2 * recipe.steps
    for step in range(recipe.steps):
        falling = 0.5 * (1 + math.cos(math.pi * (step - warm) / (recipe.steps - warm)))
        for group in optimizer.param_groups:
            group["lr"] = recipe.rate * ((step + 1) / (warm + 1) if step < warm else falling)
        chosen = torch.from_numpy(order[step * recipe.batch : (step + 1) * recipe.batch])
        batch = inputs[chosen]
        if recipe.augment:
            batch = images.augment(batch, torch.Generator().manual_seed(seed * 1_000_003 + step))
        with torch.autocast("cpu", torch.bfloat16, enabled=recipe.half):
            logits = model(batch.contiguous(memory_format=torch.channels_last))
        loss = F.cross_entropy(
            logits.float(), labels[chosen], label_smoothing=recipe.label_smoothing
        )
        _descend(optimizer, loss)
    return model


def train_text(
    create: Create, rows: Sequence[Any], labels: Any, recipe: text_fit.Recipe, seed: int
) -> nn.Module:
    torch.manual_seed(seed)
    model = create()
    optimizer = torch.optim.Adam(model.parameters(), lr=recipe.rate)
    order = text_fit._Order([len(row) for row in rows], recipe.batch, seed)
    for step in range(recipe.steps):
        chosen = order.take(step)
        tokens = torch.from_numpy(pad([rows[i][-recipe.words :] for i in chosen]))
        torch.manual_seed(seed * 1_000_003 + step)
        warm = min(1.0, (step + 1) / (0.05 * recipe.steps + 1))
        optimizer.param_groups[0]["lr"] = recipe.rate * warm * (1 - step / recipe.steps)
        dropped = (torch.rand(tokens.shape) < recipe.word_dropout) & (tokens != 0)
        with torch.autocast("cpu", torch.bfloat16, enabled=recipe.half):
            logits = model(tokens.masked_fill(dropped, 1))
        loss = F.cross_entropy(logits.float(), torch.from_numpy(labels[chosen]))
        _descend(optimizer, loss, model, recipe.clip)
    return model


def train_recall(create: Create, recipe: recall_fit.Recipe, seed: int) -> nn.Module:
    torch.manual_seed(seed)
    model = create()
    optimizer = torch.optim.Adam(model.parameters(), lr=recipe.rate)
    for step in range(recipe.steps):
        generator = np.random.default_rng((seed, step))
        lag = draw_lag(generator) if recipe.near else int(generator.integers(1, 257))
        optimizer.param_groups[0]["lr"] = recipe.rate * min(1.0, 4 * (1 - step / recipe.steps))
        data = create_sequences(recipe.batch, lag, (seed, step))
        loss = F.cross_entropy(model(torch.from_numpy(data.tokens)), torch.from_numpy(data.answers))
        _descend(optimizer, loss, model, recipe.clip)
    return model


def train_pronouns(
    create: Create, data: Encoded, states: Tensor, recipe: pronoun_fit.Recipe, seed: int
) -> nn.Module:
    torch.manual_seed(seed)
    model: Any = create()
    words = states[:2000][torch.from_numpy(data.attention_mask[:2000]) == 1].float()
    model.mean.copy_(words.mean(0))
    model.spread.copy_(words.std(0))
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=recipe.rate, weight_decay=recipe.weight_decay
    )
    for step in range(recipe.steps):
        torch.manual_seed(seed * 1_000_003 + step)
        chosen = np.random.default_rng((seed, step)).integers(0, len(data) // 2, recipe.batch)
        rows = np.stack([2 * chosen, 2 * chosen + 1], 1).ravel()
        part = data.take(rows)
        length = int(part.attention_mask.sum(1).max())
        rise, fall = (step + 1) / 100, 2 * (1 - step / recipe.steps)
        optimizer.param_groups[0]["lr"] = recipe.rate * min(1, rise, fall)
        inputs = states[torch.from_numpy(rows), :length].float()
        inputs = inputs + recipe.noise * model.spread * torch.randn_like(inputs)
        mask = torch.from_numpy(part.attention_mask[:, :length])
        scores, _ = model(inputs, mask, torch.from_numpy(part.pronoun))
        referent = torch.from_numpy(part.referent[:, :length])
        loss = -scores.log_softmax(1).masked_fill(~referent, -1e9).logsumexp(1).mean()
        _descend(optimizer, loss, model, 1.0)
    return model  # type: ignore[no-any-return]


def train_diffusion(data: Images, recipe: diffusion_fit.Recipe, seed: int) -> nn.Module:
    """Return the running average."""
    torch.manual_seed(seed)
    model = create_denoiser().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    average = copy.deepcopy(model)
    optimizer = torch.optim.AdamW(model.parameters(), lr=recipe.rate, weight_decay=1e-3)
    pictures, labels, count = scale_pixels(data), torch.from_numpy(data.labels), recipe.batch
    angles = (np.arange(TIMES + 1) / TIMES + 0.008) / 1.008 * np.pi / 2
    shares = np.cos(angles[1:]) ** 2 / np.cos(angles[:-1]) ** 2
    alphas_bar = torch.from_numpy(np.cumprod(np.clip(shares, 0.001, 1.0))).float()
    for step in range(recipe.steps):
        falling = 0.5 * (1 + math.cos(math.pi * step / recipe.steps))
        rate = recipe.rate * min(1.0, (step + 1) / recipe.warm_up) * falling
        optimizer.param_groups[0]["lr"] = rate
        random = torch.Generator().manual_seed(seed * 1_000_003 + step)
        chosen = torch.randint(0, len(pictures), (count,), generator=random)
        places = (torch.arange(count) + torch.rand(count, generator=random)) / count
        time = (places * TIMES).long()
        noise = torch.randn((count, 1, 28, 28), generator=random)
        kept = alphas_bar[time][:, None, None, None]
        noisy = kept.sqrt() * pictures[chosen] + (1 - kept).sqrt() * noise
        is_dropped = torch.rand(count, generator=random) < recipe.drop_class
        condition = torch.where(is_dropped, NO_CLASS, labels[chosen])
        with torch.autocast("cpu", torch.bfloat16):
            predicted = model(noisy.contiguous(memory_format=torch.channels_last), time, condition)
        _descend(optimizer, F.mse_loss(predicted.float(), noise), model, 1.0)
        _average(average, model, min(recipe.average, (step + 1) / (step + 10)))
    return average


def train_gan(
    data: Images,
    recipe: gan_fit.Recipe,
    seed: int,
    begin: tuple[nn.Module, nn.Module, nn.Module] | None = None,
) -> tuple[nn.Module, nn.Module, nn.Module]:
    """Return generator, discriminator and the generator's running average."""
    torch.manual_seed(seed)
    generator, discriminator = create_generator(), create_discriminator()
    for model in (generator, discriminator):
        model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    average = copy.deepcopy(generator)
    for model, before in zip((generator, discriminator, average), begin or (), strict=False):
        model.load_state_dict(before.state_dict())
    generating = torch.optim.Adam(generator.parameters(), recipe.generator_rate, betas=(0.0, 0.9))
    judging = torch.optim.Adam(
        discriminator.parameters(), recipe.discriminator_rate, betas=(0.0, 0.9)
    )
    pictures, labels, count = scale_pixels(data), torch.from_numpy(data.labels), recipe.batch
    for step in range(recipe.steps):
        random = torch.Generator().manual_seed(seed * 1_000_003 + step)
        chosen = torch.randint(0, len(pictures), (count,), generator=random)
        real, classes = pictures[chosen], labels[chosen]
        with torch.autocast("cpu", torch.bfloat16):
            fake = generator(torch.randn((count, LATENT), generator=random), classes)
            both = torch.cat([real, fake.detach().float()])
            scores = discriminator(both, classes.repeat(2)).float()
        loss = F.relu(1 - scores[:count]).mean() + F.relu(1 + scores[count:]).mean()
        _descend(judging, loss)
        with torch.autocast("cpu", torch.bfloat16):
            asked = torch.randint(0, 10, (count,), generator=random)
            fake = generator(torch.randn((count, LATENT), generator=random), asked)
            generated = -discriminator(fake, asked).float().mean()
        _descend(generating, generated)
        _average(average, generator, recipe.average if step >= recipe.average_from else 0.0)
    return generator, discriminator, average


def _descend(
    optimizer: torch.optim.Optimizer,
    loss: Tensor,
    clipped: nn.Module | None = None,
    clip: float = 0.0,
) -> None:
    optimizer.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    if clipped is not None:
        clip_grad_norm_(clipped.parameters(), clip)
    optimizer.step()


@torch.no_grad()
def _average(average: nn.Module, model: nn.Module, keep: float) -> None:
    for old, new in zip(average.state_dict().values(), model.state_dict().values(), strict=True):
        if old.is_floating_point():
            old.lerp_(new, 1 - keep)
        else:
            old.copy_(new)
