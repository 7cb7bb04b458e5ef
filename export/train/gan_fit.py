"""Training the generator and the discriminator against each other, resumable."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import torch
import torch.nn.functional as F
from models import discriminator, generator
from models.discriminator import Discriminator
from models.generator import LATENT, Generator
from torch import Tensor, nn
from tqdm import tqdm

from export.datasets.fashion_mnist import Images
from export.train.checkpoint import Checkpoint
from export.train.diffusion_fit import average_into
from export.train.generated import scale_pixels
from export.train.meter import Meter

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


@dataclass(frozen=True)
class Round:
    """The contest up to ``step``: mean losses, and how often the discriminator was right (in %)."""

    step: int
    discriminator_loss: float
    generator_loss: float
    real_right: float
    fake_right: float


@dataclass
class Fitted:
    """``generator`` is the running average of the trained one; ``moments`` are folded weights."""

    generator: Generator
    discriminator: Discriminator
    rounds: list[Round] = field(default_factory=list)
    generators: dict[str, dict[str, Tensor]] = field(default_factory=dict)
    discriminators: dict[str, dict[str, Tensor]] = field(default_factory=dict)
    meter: Meter = field(default_factory=Meter)


class Contest:
    """Both players with their optimizers: one step of each at a time."""

    def __init__(self, recipe: Recipe, seed: int) -> None:
        torch.manual_seed(seed)
        self.recipe, self.seed = recipe, seed
        self.generator = generator.create_generator()
        self.discriminator = discriminator.create_discriminator()
        for model in (self.generator, self.discriminator):
            model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average = copy.deepcopy(self.generator)
        self.optimizers = [
            torch.optim.Adam(model.parameters(), rate, betas=(0.0, 0.9))
            for model, rate in (
                (self.generator, recipe.generator_rate),
                (self.discriminator, recipe.discriminator_rate),
            )
        ]

    def step(self, images: Tensor, labels: Tensor, step: int) -> Tensor:
        """Train both on one batch; return the losses and the discriminator's shares of right."""
        random = torch.Generator().manual_seed(self.seed * 1_000_003 + step)
        count = self.recipe.batch
        chosen = torch.randint(0, len(images), (count,), generator=random)
        real, classes = images[chosen], labels[chosen]
        with torch.autocast("cpu", torch.bfloat16):
            fake = self.generator(draw_latents(count, random), classes)
            both = torch.cat([real, fake.detach().float()])
            scores = self.discriminator(both, classes.repeat(2)).float()
        on_real, on_fake = scores[:count], scores[count:]
        loss = F.relu(1 - on_real).mean() + F.relu(1 + on_fake).mean()
        self._update(1, loss)
        with torch.autocast("cpu", torch.bfloat16):
            asked = torch.randint(0, 10, (count,), generator=random)
            fake = self.generator(draw_latents(count, random), asked)
            generated = -self.discriminator(fake, asked).float().mean()
        self._update(0, generated)
        keep = self.recipe.average if step >= self.recipe.average_from else 0.0
        average_into(self.average, self.generator, keep)
        right = torch.stack([(on_real > 0).float().mean(), (on_fake < 0).float().mean()])
        return torch.stack([loss.detach(), generated.detach(), *right])

    def _update(self, player: int, loss: Tensor) -> None:
        for optimizer in self.optimizers:
            optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizers[player].step()

    def state(self) -> dict[str, Any]:
        """Return what a checkpoint keeps."""
        return {
            "generator": self.generator.state_dict(),
            "discriminator": self.discriminator.state_dict(),
            "average": self.average.state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
        }

    def load_players(self, state: Mapping[str, Any]) -> None:
        """Take over the weights of another contest."""
        self.generator.load_state_dict(state["generator"])
        self.discriminator.load_state_dict(state["discriminator"])
        self.average.load_state_dict(state["average"])

    def load(self, state: Mapping[str, Any]) -> None:
        """Go on from a checkpoint."""
        self.load_players(state)
        for optimizer, kept in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(kept)


def draw_latents(count: int, random: torch.Generator) -> Tensor:
    """Return latents (count, 128)."""
    return torch.randn((count, LATENT), generator=random)


def fit(
    data: Images,
    recipe: Recipe,
    seed: int,
    checkpoint: Checkpoint,
    title: str,
    begin: Mapping[str, Any] | None = None,
) -> Fitted:
    """Let the two train against each other; go on from the checkpoint if there is one.

    ``begin`` is the state of another contest whose players meet again here, under this recipe.
    """
    contest = Contest(recipe, seed)
    if begin is not None:
        contest.load_players(begin)
    fitted, start = Fitted(contest.average, contest.discriminator), 0
    run = {"seed": seed, "images": len(data), **asdict(recipe), "moments": list(recipe.moments)}
    state = checkpoint.load(run=run)
    if state is not None:
        contest.load(state)
        fitted.rounds = [Round(**each) for each in state["rounds"]]
        fitted.generators, fitted.discriminators = state["generators"], state["discriminators"]
        fitted.meter = Meter(**state["meter"])
        start = int(state["step"])
    images, labels = scale_pixels(data), torch.from_numpy(data.labels)
    bar = tqdm(initial=start, total=recipe.steps, desc=title, mininterval=5)
    stops = {*range(_SAVE_EVERY, recipe.steps, _SAVE_EVERY), *recipe.moments, recipe.steps}
    for stop in sorted(each for each in stops if each > start):
        with fitted.meter.running():
            figures = []
            for step in range(start, stop):
                figures.append(contest.step(images, labels, step))
                bar.update()
        lost, generated, real, fake = torch.stack(figures).mean(0).tolist()
        fitted.rounds.append(Round(stop, lost, generated, 100 * real, 100 * fake))
        start = stop
        if stop in recipe.moments:
            _keep_moment(fitted, contest, stop)
        checkpoint.save(
            {
                **contest.state(),
                "step": stop,
                "rounds": [asdict(each) for each in fitted.rounds],
                "generators": fitted.generators,
                "discriminators": fitted.discriminators,
                "meter": fitted.meter.state(),
            }
        )
    bar.close()
    return fitted


def _keep_moment(fitted: Fitted, contest: Contest, step: int) -> None:
    name = f"step_{step:05d}"
    # Of the moment itself, not the average: it is this generator that this discriminator has met.
    fitted.generators[name] = _copy(generator.fold_norms(contest.generator))
    fitted.discriminators[name] = _copy(discriminator.fold_norms(contest.discriminator))


def _copy(model: nn.Module) -> dict[str, Tensor]:
    """Return the weights in plain order: ONNX Runtime cannot read channels-last ones."""
    return {name: value.contiguous() for name, value in model.state_dict().items()}
