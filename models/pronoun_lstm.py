"""An LSTM in both directions that points from a pronoun to the word it stands for.

The comparison of ``pronoun_resolver.py``: the same inputs, the same pointer, as many trained
parameters, but states handed from word to word (Hochreiter and Schmidhuber 1997; both directions:
Schuster and Paliwal 1997) where the Transformer looks at all words at once.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

STATE = 384  # numbers in the encoder's state of a word piece
BLOCKED = -1e9  # the score of a place that is padding


class TwoWayLSTM(nn.Module):
    """One LSTM that reads forwards and one that reads backwards, side by side."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.forwards = nn.LSTM(width, hidden, batch_first=True)
        self.backwards = nn.LSTM(width, hidden, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        """Return states (N, T, 2 hidden) of (N, T, width)."""
        after, _ = self.forwards(x)
        before, _ = self.backwards(x.flip(1))
        return torch.cat([after, before.flip(1)], -1)


class PronounLSTM(nn.Module):
    """Scores (N, T) of every place for being what the pronoun stands for, and the states."""

    mean: Tensor
    spread: Tensor

    def __init__(self, width: int = 64, hidden: int = 48, dropout: float = 0.3) -> None:
        super().__init__()
        # Set to the mean and the spread of the states in training, so that all count alike.
        self.register_buffer("mean", torch.zeros(STATE))
        self.register_buffer("spread", torch.ones(STATE))
        self.enter = nn.Linear(STATE, width)
        self.layers = nn.ModuleList([TwoWayLSTM(width, hidden), TwoWayLSTM(2 * hidden, hidden)])
        self.dropout = nn.Dropout(dropout)
        self.query, self.key = nn.Linear(2 * hidden, width), nn.Linear(2 * hidden, width)

    def forward(
        self, states: Tensor, attention_mask: Tensor, pronoun: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return scores (N, T) and the last layer's own states (N, T, 2 hidden).

        ``states`` (N, T, 384) of the encoder; ``attention_mask`` (N, T) is 1 at words and 0 at
        padding; ``pronoun`` (N,) is the pronoun's place.
        """
        mask = attention_mask.to(states.dtype)
        x = self.enter((states - self.mean) / self.spread)
        for layer in self.layers:
            x = self.dropout(layer(x * mask[..., None]))  # (N, T, 2 hidden)
        places = pronoun[:, None, None].expand(-1, 1, x.shape[2])
        query = self.query(x.gather(1, places))  # (N, 1, width)
        scores = (query * self.key(x)).sum(-1) / math.sqrt(query.shape[2])
        return scores.masked_fill(attention_mask == 0, BLOCKED), x


def create_pronoun_lstm() -> PronounLSTM:
    """Return the untrained network."""
    return PronounLSTM()
