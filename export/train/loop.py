"""The one loop that trains every family: steps, history, cost, checkpoints.

A family hands it networks with their optimizers and the function that takes one step. What a step
sees must follow from the seed and the step's number alone: then a run that was interrupted ends
where one that was not does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from tqdm import tqdm

from export.train.checkpoint import Checkpoint
from export.train.meter import Meter

# Takes the step of this number, from 0; returns its figures (K,) or (), the loss first.
TakeStep = Callable[[int], Tensor]

_FORMAT = 2  # of a state in a file: one of another format is put aside


class Recipe(Protocol):
    """What every family's recipe says; all of it must be equal for a run to go on."""

    @property
    def steps(self) -> int:
        """How many steps there are in all."""

    @property
    def batch(self) -> int:
        """How many examples a step sees."""


@dataclass
class TrainState:
    """A training under way, all that a checkpoint keeps of it.

    ``networks`` are those in training and their running averages; "model" is the one to ship.
    ``history`` holds (step, means of the steps' figures since the entry before); ``moments``
    weights along the way, by network and by step.
    """

    networks: Mapping[str, nn.Module]
    optimizers: tuple[torch.optim.Optimizer, ...]
    step: int = 0
    history: list[tuple[int, *tuple[float, ...]]] = field(default_factory=list)
    moments: dict[str, dict[str, dict[str, Tensor]]] = field(default_factory=dict)
    meter: Meter = field(default_factory=Meter)

    @property
    def model(self) -> Any:
        """The network to ship, whose class its family knows."""
        return self.networks["model"]

    @property
    def losses(self) -> list[tuple[int, float]]:
        """The history's first figure: (step, mean training loss since the entry before)."""
        return [(step, figures[0]) for step, *figures in self.history]

    def describe(self) -> dict[str, Any]:
        """Return what a checkpoint keeps."""
        return {
            "step": self.step,
            "networks": {name: each.state_dict() for name, each in self.networks.items()},
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
            "history": [list(entry) for entry in self.history],
            "moments": self.moments,
            "meter": asdict(self.meter),
        }

    def resume(self, kept: Mapping[str, Any]) -> None:
        """Take over what ``describe`` returned."""
        for name, network in self.networks.items():
            network.load_state_dict(kept["networks"][name])
        for optimizer, state in zip(self.optimizers, kept["optimizers"], strict=True):
            optimizer.load_state_dict(state)
        self.history = [(int(step), *figures) for step, *figures in kept["history"]]
        self.step, self.moments, self.meter = kept["step"], kept["moments"], Meter(**kept["meter"])


def train(
    state: TrainState,
    take_step: TakeStep,
    recipe: Recipe,
    seed: int,
    checkpoint: Checkpoint,
    title: str,
    save_every: int,
    save_at: Iterable[int] = (),
    **facts: Any,
) -> TrainState:
    """Take all steps of a recipe; return the state with its networks in evaluation mode.

    Goes on from the checkpoint if there is one of this seed, recipe and ``facts`` about the data.
    Every ``save_every`` steps, at the steps ``save_at`` and at the end, the history grows by an
    entry and the checkpoint is replaced.

    Raises:
        OSError: the checkpoint cannot be written.
    """
    run = {"format": _FORMAT, "seed": seed, **facts, **asdict(recipe)}  # type: ignore[call-overload]
    if (kept := checkpoint.load(run)) is not None:
        state.resume(kept)
    bar = tqdm(initial=state.step, total=recipe.steps, desc=title, mininterval=5)
    stops = {*range(save_every, recipe.steps, save_every), *save_at, recipe.steps}
    for stop in sorted(each for each in stops if each > state.step):
        figures = []
        with state.meter.running():
            for step in range(state.step, stop):
                figures.append(take_step(step))
                bar.update()
        means = torch.stack(figures).double().reshape(len(figures), -1).mean(0)  # (K,)
        state.step = stop
        state.history.append((stop, *means.tolist()))
        checkpoint.save(state.describe())
    bar.close()
    for network in state.networks.values():
        network.eval()
    return state


def descend(
    optimizer: torch.optim.Optimizer, loss: Tensor, rate: float, clip: float | None = None
) -> Tensor:
    """Take one step down the gradient of ``loss``, clipped to a norm of ``clip``; return the loss.

    The gradient reaches every network that took part, but the optimizer moves its own alone.
    """
    weights = [weight for group in optimizer.param_groups for weight in group["params"]]
    for group in optimizer.param_groups:
        group["lr"] = rate
    optimizer.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    if clip is not None:
        nn.utils.clip_grad_norm_(weights, clip)
    optimizer.step()
    return loss.detach()


def mix_seed(seed: int, step: int) -> int:
    """Return the seed of one step's random choices."""
    return seed * 1_000_003 + step


def create_generator(seed: int, step: int) -> torch.Generator:
    """Return the source of one step's random choices, apart from torch's own."""
    return torch.Generator().manual_seed(mix_seed(seed, step))


@torch.no_grad()
def average_into(average: nn.Module, model: nn.Module, keep: float) -> None:
    """Move the averaged weights (and buffers) a little towards the model's."""
    for old, new in zip(average.state_dict().values(), model.state_dict().values(), strict=True):
        if old.is_floating_point():
            old.lerp_(new, 1 - keep)
        else:
            old.copy_(new)
