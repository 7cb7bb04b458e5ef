"""Training the generator and the discriminator against each other, resumable."""

from __future__ import annotations

import copy
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from models.discriminator import Discriminator, create_discriminator
from models.discriminator import fold_norms as fold_discriminator
from models.generator import LATENT, Generator, create_generator
from models.generator import fold_norms as fold_generator
from torch import Tensor, nn

from export.datasets.fashion_mnist import Images
from export.train import loop
from export.train.checkpoint import Checkpoint
from export.train.generated import scale_pixels
from export.train.loop import TrainState, average_into, descend

# What a step tells: both losses, and how often the discriminator was right (in %).
FIGURES = ("discriminator_loss", "generator_loss", "real_right", "fake_right")
_SAVE_EVERY = 200  # steps


@dataclass(frozen=True)
class Recipe:
    """Adam for both, the hinge loss (Lim and Ye 2017); ``moments`` are the steps to keep."""

    steps: int
    moments: tuple[int, ...]
    batch: int = 64
    generator_rate: float = 2e-4
    discriminator_rate: float = 4e-4
    average: float = 0.999
    average_from: int = 1000


class Contest:
    """Both players with their optimizers, and the generator's running average."""

    def __init__(self, recipe: Recipe, seed: int) -> None:
        torch.manual_seed(seed)
        self.recipe, self.seed = recipe, seed
        self.generator: Generator = create_generator()
        self.discriminator: Discriminator = create_discriminator()
        for model in (self.generator, self.discriminator):
            model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        average = copy.deepcopy(self.generator)
        self.optimizers = tuple(
            torch.optim.Adam(model.parameters(), betas=(0.0, 0.9))
            for model in (self.generator, self.discriminator)
        )
        players = {"generator": self.generator, "discriminator": self.discriminator}
        self.state = TrainState({"model": average, **players}, self.optimizers)
        self.state.moments = {name: {} for name in players}

    def take_step(self, images: Tensor, labels: Tensor, step: int) -> Tensor:
        """Train both on one batch; return the step's ``FIGURES`` (4,)."""
        random, count = loop.create_generator(self.seed, step), self.recipe.batch
        chosen = torch.randint(0, len(images), (count,), generator=random)
        real, classes = images[chosen], labels[chosen]
        with torch.autocast("cpu", torch.bfloat16):
            fake = self.generator(draw_latents(count, random), classes)
            both = torch.cat([real, fake.detach().float()])
            scores = self.discriminator(both, classes.repeat(2)).float()
        on_real, on_fake = scores[:count], scores[count:]
        loss = F.relu(1 - on_real).mean() + F.relu(1 + on_fake).mean()
        descend(self.optimizers[1], loss, self.recipe.discriminator_rate)
        with torch.autocast("cpu", torch.bfloat16):
            asked = torch.randint(0, 10, (count,), generator=random)
            fake = self.generator(draw_latents(count, random), asked)
            generated = -self.discriminator(fake, asked).float().mean()
        descend(self.optimizers[0], generated, self.recipe.generator_rate)
        keep = self.recipe.average if step >= self.recipe.average_from else 0.0
        average_into(self.state.model, self.generator, keep)
        if step + 1 in self.recipe.moments:
            self._keep_moment(f"step_{step + 1:05d}")
        right = torch.stack([(on_real > 0).float().mean(), (on_fake < 0).float().mean()])
        return torch.stack([loss.detach(), generated.detach(), *(100 * right)])

    def _keep_moment(self, name: str) -> None:
        # Of the moment itself, not the average: it is this generator that this discriminator met.
        moments = self.state.moments
        moments["generator"][name] = _copy(fold_generator(self.generator))
        moments["discriminator"][name] = _copy(fold_discriminator(self.discriminator))


def draw_latents(count: int, random: torch.Generator) -> Tensor:
    """Return latents (count, 128)."""
    return torch.randn((count, LATENT), generator=random)


def fit(
    data: Images,
    recipe: Recipe,
    seed: int,
    checkpoint: Checkpoint,
    title: str,
    begin: TrainState | None = None,
) -> TrainState:
    """Let the two train against each other, or go on from the checkpoint.

    ``begin`` is a contest whose players meet again here, under this recipe. "model" is the
    generator's running average; the moments are folded weights.
    """
    contest = Contest(recipe, seed)
    if begin is not None:
        for name, network in contest.state.networks.items():
            network.load_state_dict(begin.networks[name].state_dict())
    images, labels = scale_pixels(data), torch.from_numpy(data.labels)
    return loop.train(
        contest.state,
        lambda step: contest.take_step(images, labels, step),
        recipe,
        seed,
        checkpoint,
        title,
        _SAVE_EVERY,
        recipe.moments,
        images=len(data),
    )


def _copy(model: nn.Module) -> dict[str, Tensor]:
    """Return the weights in plain order: ONNX Runtime cannot read channels-last ones."""
    return {name: value.contiguous() for name, value in model.state_dict().items()}
