"""A long short-term memory that reads symbols and answers at the end.

Hochreiter and Schmidhuber 1997, with the forget gate of Gers, Schmidhuber and Cummins 2000 and its
bias of 1 at the start (Jozefowicz, Zaremba, Sutskever 2015), without which it forgets too early.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

TOKENS = 9  # eight symbols and the query mark
SYMBOLS = 8


class RecallLSTM(nn.Module):
    """Logits (N, symbols) of sequences of tokens (N, T)."""

    def __init__(self, width: int = 32, hidden: int = 64) -> None:
        super().__init__()
        self.embedding = nn.Embedding(TOKENS, width)
        self.recurrent = nn.LSTM(width, hidden, batch_first=True)
        with torch.no_grad():  # gates are stored as input, forget, cell, output; two biases each
            cast(Tensor, self.recurrent.bias_ih_l0)[hidden : 2 * hidden] = 1.0
            cast(Tensor, self.recurrent.bias_hh_l0)[hidden : 2 * hidden] = 0.0
        self.classifier = nn.Linear(hidden, SYMBOLS)

    def read(self, embeddings: Tensor) -> Tensor:
        """Return logits (N, symbols) of embedded sequences (N, T, width)."""
        states, _ = self.recurrent(embeddings)  # (N, T, hidden)
        return cast(Tensor, self.classifier(states[:, -1]))

    def forward(self, tokens: Tensor) -> Tensor:
        """Return logits (N, symbols) of tokens (N, T)."""
        return self.read(self.embedding(tokens))


def create_recall_lstm() -> RecallLSTM:
    """Return the untrained network."""
    return RecallLSTM()
