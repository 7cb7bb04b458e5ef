"""A vanilla recurrent network that reads symbols and answers at the end (Elman 1990)."""

from __future__ import annotations

from typing import cast

from torch import Tensor, nn

TOKENS = 9  # eight symbols and the query mark
SYMBOLS = 8


class RecallRNN(nn.Module):
    """Logits (N, symbols) of tokens (N, T); one hidden state, h = tanh(Wx + Uh + b)."""

    def __init__(self, width: int = 32, hidden: int = 140) -> None:
        super().__init__()
        self.embedding = nn.Embedding(TOKENS, width)
        self.recurrent = nn.RNN(width, hidden, batch_first=True)
        # Rotations keep the length of a state, which is the fairest start for a long memory
        # (Saxe, McClelland, Ganguli 2014).
        nn.init.orthogonal_(cast(Tensor, self.recurrent.weight_hh_l0))
        self.classifier = nn.Linear(hidden, SYMBOLS)

    def read(self, embeddings: Tensor) -> Tensor:
        """Return logits (N, symbols) of embedded sequences (N, T, width)."""
        states, _ = self.recurrent(embeddings)  # (N, T, hidden)
        return cast(Tensor, self.classifier(states[:, -1]))

    def forward(self, tokens: Tensor) -> Tensor:
        """Return logits (N, symbols) of tokens (N, T)."""
        return self.read(self.embedding(tokens))


def create_recall_rnn() -> RecallRNN:
    """Return the untrained network."""
    return RecallRNN()
