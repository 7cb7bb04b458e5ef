"""Training one network to tell negative reviews from positive ones, and how far back it reaches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from export.arrays import Doubles
from export.datasets.imdb import pad
from export.train.checkpoint import Checkpoint
from export.train.loop import TrainState, descend, mix_seed, train

Rows = Sequence[NDArray[np.int64]]

DISTANCES = (0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 255)
_REACH = DISTANCES[-1] + 1  # words a review must have for the measurement
_SAVE_EVERY = 100  # steps
_UNKNOWN = 1
_POOL = 32  # batches that are sorted by length together


@dataclass(frozen=True)
class Recipe:
    """How a network is trained: Adam with clipped gradients, the rate falling to 0 on a line.

    ``word_dropout`` is the share of words that a step does not see (they become "unknown"), so that
    no single word is relied on. ``words``: how many of each review's last words a step reads.
    """

    steps: int
    batch: int = 64
    rate: float = 2e-3
    word_dropout: float = 0.2
    clip: float = 1.0
    words: int = 400
    half: bool = False


# An epoch is 313 steps. bfloat16 saves an LSTM a third of the time.
RECIPES = {
    "rnn": Recipe(steps=1_565, half=True),
    "lstm": Recipe(steps=1_565, half=True),
    "transformer": Recipe(steps=1_252, half=True),
}


def fit(
    create: Callable[[], nn.Module],
    rows: Rows,
    labels: NDArray[np.int64],
    recipe: Recipe,
    seed: int,
    checkpoint: Checkpoint,
    title: str,
) -> TrainState:
    """Train a network, or go on from the checkpoint."""
    torch.manual_seed(seed)
    model = create()
    optimizer = torch.optim.Adam(model.parameters(), lr=recipe.rate)
    lengths = [len(row) for row in rows]
    order = _Order(lengths, recipe.batch, seed)

    def take_step(step: int) -> Tensor:
        chosen = order.take(step)
        tokens = torch.from_numpy(pad([rows[i][-recipe.words :] for i in chosen]))
        torch.manual_seed(mix_seed(seed, step))  # what dropout drops
        dropped = (torch.rand(tokens.shape) < recipe.word_dropout) & (tokens != 0)
        with torch.autocast("cpu", torch.bfloat16, enabled=recipe.half):
            logits = model(tokens.masked_fill(dropped, _UNKNOWN))
        loss = F.cross_entropy(logits.float(), torch.from_numpy(labels[chosen]))
        # A short warm-up, then down to 0.
        factor = min(1.0, (step + 1) / (0.05 * recipe.steps + 1)) * (1 - step / recipe.steps)
        return descend(optimizer, loss, recipe.rate * factor, recipe.clip)

    return train(
        TrainState({"model": model}, (optimizer,)),
        take_step,
        recipe,
        seed,
        checkpoint,
        title,
        _SAVE_EVERY,
        rows=len(rows),
        words=sum(lengths),
    )


class _Order:
    """Which reviews a step sees: all of them once an epoch, those of a batch about equally long."""

    def __init__(self, lengths: Sequence[int], batch: int, seed: int) -> None:
        self._lengths, self._batch, self._seed = np.array(lengths), batch, seed
        self._epoch, self._batches = -1, [np.empty(0, np.int64)]

    def take(self, step: int) -> NDArray[np.int64]:
        epoch, place = divmod(step, -(-len(self._lengths) // self._batch))
        if epoch != self._epoch:
            self._epoch, self._batches = epoch, self._arrange(epoch)
        return self._batches[place]

    def _arrange(self, epoch: int) -> list[NDArray[np.int64]]:
        generator = np.random.default_rng((self._seed, epoch))
        order, size = generator.permutation(len(self._lengths)), self._batch * _POOL
        batches = []
        for start in range(0, len(order), size):
            pool = order[start : start + size]
            pool = pool[np.argsort(self._lengths[pool], kind="stable")]
            batches += [pool[i : i + self._batch] for i in range(0, len(pool), self._batch)]
        return [batches[i] for i in generator.permutation(len(batches))]


def count_hits(model: nn.Module, rows: Rows, labels: NDArray[np.int64]) -> int:
    """Return how many reviews the network gets right, in torch."""
    order, hits = np.argsort([len(row) for row in rows], kind="stable"), 0
    with torch.no_grad():
        for i in range(0, len(order), 50):
            chosen = order[i : i + 50]
            answers = model(torch.from_numpy(pad([rows[j] for j in chosen]))).argmax(1).numpy()
            hits += int((answers == labels[chosen]).sum())
    return hits


def compute_gradient_by_distance(
    model: nn.Module, rows: Rows, count: int = 200
) -> dict[str, object]:
    """Return how strongly the state at the last word depends on words farther and farther back.

    The score is "positive" minus "negative" as the last state alone gives it, without the average
    over all states; its gradient by the embedding ``d`` words earlier has a Euclidean norm, and the
    means of that norm are returned.
    """
    chosen = [row[-_REACH:] for row in rows if len(row) >= _REACH][:count]
    chosen = chosen or [pad([row], _REACH)[0] for row in rows[:count]]  # a trial's few reviews
    norms = np.concatenate(
        [_compute_norms(model, np.stack(chosen[i : i + 25])) for i in range(0, len(chosen), 25)]
    )  # (N, T), the last word first
    means = norms[:, list(DISTANCES)].mean(0)
    return {
        "what": "norm of the gradient of the last state's score (positive minus negative, this "
        "state alone) by the embedding so many words back, mean over reviews; in torch",
        "n": len(chosen),
        "mean": {
            str(distance): float(mean) for distance, mean in zip(DISTANCES, means, strict=True)
        },
    }


def _compute_norms(model: nn.Module, tokens: NDArray[np.int64]) -> Doubles:
    embedded = cast(nn.Embedding, model.embedding)(torch.from_numpy(tokens)).detach()
    embedded.requires_grad_(True)  # (N, T, width)
    states = cast(Callable[[Tensor], Any], model.compute_states)(embedded)
    states = states[0] if isinstance(states, tuple) else states
    weight = cast(nn.Linear, cast(nn.Module, model.head).classifier).weight
    score = (states[:, -1] @ (weight[1] - weight[0])).sum()
    (gradient,) = torch.autograd.grad(score, embedded)
    norms: Doubles = gradient.norm(dim=2).flip(1).double().numpy()
    return norms
