"""Training a network to point from "it" to its referent, over the states of frozen MiniLM."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

from export.datasets.pronoun_tokens import Encoded
from export.graphs import round_weights
from export.train.checkpoint import Checkpoint
from export.train.loop import TrainState, descend, mix_seed, train
from export.train.minilm_graphs import WIDTH, load_encoder

LAYER = 4  # of the encoder's six, whose states are read
_SAVE_EVERY = 100  # steps
_BATCH = 128  # sentences at a time in the encoder
_FAR = -1e9


@dataclass(frozen=True)
class Recipe:
    """How a network is trained: AdamW on ``batch`` pairs a step, noise on the states it reads."""

    steps: int
    pairs: int
    batch: int = 32
    rate: float = 1e-3
    weight_decay: float = 0.05
    noise: float = 0.3


def compute_states(data: Encoded, folder: Path | None = None) -> Tensor:
    """Return the frozen encoder's states (N, T, 384) after layer ``LAYER``, in bfloat16.

    Raises:
        DatasetError: the encoder's files are missing or damaged.
    """
    encoder = load_encoder(folder)
    round_weights(encoder)  # as the exported one is
    encoder.encoder.layer = encoder.encoder.layer[:LAYER]
    states = torch.zeros(*data.input_ids.shape, WIDTH, dtype=torch.bfloat16)
    order = np.argsort(data.attention_mask.sum(1), kind="stable")  # little padding in a batch
    for i in tqdm(range(0, len(data), _BATCH), desc="states of MiniLM", mininterval=5):
        rows = order[i : i + _BATCH]
        length = int(data.attention_mask[rows].sum(1).max())
        ids = torch.from_numpy(data.input_ids[rows, :length])
        mask = torch.from_numpy(data.attention_mask[rows, :length])
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
            found = encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        states[torch.from_numpy(rows), :length] = found.bfloat16()
    return states


def fit(
    create: Callable[[], nn.Module],
    data: Encoded,
    states: Tensor,
    recipe: Recipe,
    seed: int,
    checkpoint: Checkpoint,
    title: str,
) -> TrainState:
    """Train a network, or go on from the checkpoint."""
    torch.manual_seed(seed)
    model = create()
    set_scale(model, states[:2000], data.attention_mask[:2000])
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=recipe.rate, weight_decay=recipe.weight_decay
    )
    spread = cast(Tensor, model.spread)

    def take_step(step: int) -> Tensor:
        torch.manual_seed(mix_seed(seed, step))  # of the noise and the dropout
        chosen = np.random.default_rng((seed, step)).integers(0, len(data) // 2, recipe.batch)
        rows = np.stack([2 * chosen, 2 * chosen + 1], 1).ravel()  # both sentences of a pair
        part = data.take(rows)
        length = int(part.attention_mask.sum(1).max())
        inputs = states[torch.from_numpy(rows), :length].float()
        inputs = inputs + recipe.noise * spread * torch.randn_like(inputs)
        mask = torch.from_numpy(part.attention_mask[:, :length])
        scores, _ = model(inputs, mask, torch.from_numpy(part.pronoun))
        loss = compute_loss(scores, torch.from_numpy(part.referent[:, :length]))
        # A short rise, then down to 0 over the second half.
        factor = min(1, (step + 1) / 100, 2 * (1 - step / recipe.steps))
        return descend(optimizer, loss, recipe.rate * factor, clip=1.0)

    state = TrainState({"model": model}, (optimizer,))
    return train(state, take_step, recipe, seed, checkpoint, title, _SAVE_EVERY, rows=len(data))


def set_scale(model: nn.Module, states: Tensor, attention_mask: Any) -> None:
    """Tell the network the mean and the spread of the states, so that it reads them alike."""
    words = states[torch.from_numpy(attention_mask) == 1].float()  # (words, 384)
    cast(Tensor, model.mean).copy_(words.mean(0))
    cast(Tensor, model.spread).copy_(words.std(0))


def compute_loss(scores: Tensor, referent: Tensor) -> Tensor:
    """Return the mean surprise that a place of the referent is pointed at; both are (N, T)."""
    right = scores.log_softmax(1).masked_fill(~referent, _FAR)
    return -right.logsumexp(1).mean()
