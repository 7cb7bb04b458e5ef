"""A vanilla recurrent network that reads a review word by word (Elman 1990)."""

from __future__ import annotations

from typing import cast

from torch import Tensor, nn

from models.sentiment_head import SentimentHead

PAD = 0  # the token that fills rows up


class TextRNN(nn.Module):
    """Logits (N, classes) of tokens (N, T); one hidden state, h = tanh(Wx + Uh + b)."""

    def __init__(self, vocabulary: int, width: int = 64, hidden: int = 128) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, width, padding_idx=PAD)
        self.dropout = nn.Dropout(0.3)
        self.recurrent = nn.RNN(width, hidden, batch_first=True)
        # Rotations keep the length of a state, which is the fairest start for a long memory
        # (Saxe, McClelland, Ganguli 2014).
        nn.init.orthogonal_(cast(Tensor, self.recurrent.weight_hh_l0))
        self.head = SentimentHead(hidden)

    def compute_states(self, embeddings: Tensor) -> Tensor:
        """Return the hidden state after every word (N, T, hidden)."""
        states, _ = self.recurrent(self.dropout(embeddings))
        return cast(Tensor, states)

    def read(self, embeddings: Tensor, mask: Tensor) -> Tensor:
        """Return logits (N, T, classes) after every word; ``mask`` (N, T) is 0 at padding."""
        return cast(Tensor, self.head(self.compute_states(embeddings), mask))

    def forward(self, tokens: Tensor) -> Tensor:
        """Return logits (N, classes) of whole texts (N, T)."""
        return self.read(self.embedding(tokens), (tokens != PAD).float())[:, -1]


def create_text_rnn(vocabulary: int = 16_000) -> TextRNN:
    """Return the untrained network."""
    return TextRNN(vocabulary)
