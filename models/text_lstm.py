"""A long short-term memory that reads a review word by word, with its gates on show.

Hochreiter and Schmidhuber 1997, with the forget gate of Gers, Schmidhuber and Cummins 2000 and its
bias of 1 at the start (Jozefowicz, Zaremba, Sutskever 2015).
"""

from __future__ import annotations

from typing import NamedTuple, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.sentiment_head import SentimentHead

PAD = 0  # the token that fills rows up
LONGEST = 512  # words whose cells can be computed


class Gates(NamedTuple):
    """The three gates, in 0 to 1, and the candidate, in -1 to 1, (N, T, hidden) each."""

    input: Tensor
    forget: Tensor
    candidate: Tensor
    output: Tensor


class TextLSTM(nn.Module):
    """Logits (N, classes) of tokens (N, T)."""

    def __init__(self, vocabulary: int, width: int = 64, hidden: int = 128) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, width, padding_idx=PAD)
        self.dropout = nn.Dropout(0.3)
        self.recurrent = nn.LSTM(width, hidden, batch_first=True)
        with torch.no_grad():  # gates are stored as input, forget, cell, output; two biases each
            *_, of_word, of_state = cast(list[Tensor], self.recurrent.all_weights[0])
            of_word[hidden : 2 * hidden], of_state[hidden : 2 * hidden] = 1.0, 0.0
        self.head = SentimentHead(hidden)

    def compute_states(self, embeddings: Tensor) -> Tensor:
        """Return the hidden state after every word (N, T, hidden)."""
        states, _ = self.recurrent(self.dropout(embeddings))
        return cast(Tensor, states)

    def compute_gates(self, embeddings: Tensor, states: Tensor) -> Gates:
        """Return the gates at every word, from the word and the state before it."""
        before = _delay(states, 1, 0.0)  # h_{t-1}
        of_word, of_state, *biases = cast(list[Tensor], self.recurrent.all_weights[0])
        sums = F.linear(embeddings, of_word, biases[0]) + F.linear(before, of_state, biases[1])
        i, f, g, o = sums.chunk(4, -1)
        return Gates(i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid())

    def read(self, embeddings: Tensor, mask: Tensor) -> Tensor:
        """Return logits (N, T, classes) after every word; ``mask`` (N, T) is 0 at padding."""
        return cast(Tensor, self.head(self.compute_states(embeddings), mask))

    def forward(self, tokens: Tensor) -> Tensor:
        """Return logits (N, classes) of whole texts (N, T)."""
        return self.read(self.embedding(tokens), (tokens != PAD).float())[:, -1]


def compute_cells(gates: Gates) -> Tensor:
    """Return the cell after every word (N, T, hidden): c_t = f_t c_{t-1} + i_t g_t.

    Without a loop: two steps of this form are one step of this form, so spans of 1, 2, 4, ... steps
    are put together until each reaches the beginning (a parallel prefix sum: Blelloch 1990). The
    factors are at most 1, so nothing blows up. Works for any T up to ``LONGEST``.
    """
    keep, add = gates.forget, gates.input * gates.candidate
    reach = 1
    while reach < LONGEST:
        # The span that ends ``reach`` steps earlier; before the beginning: keep all, add nothing.
        add = add + keep * _delay(add, reach, 0.0)
        keep = keep * _delay(keep, reach, 1.0)
        reach *= 2
    return add


def _delay(values: Tensor, steps: int, first: float) -> Tensor:
    """Return values (N, T, hidden) moved ``steps`` words to the right, with ``first`` before."""
    places = torch.arange(values.shape[1], device=values.device)
    moved = values.index_select(1, (places - steps).clamp(min=0))
    return moved.where((places >= steps).unsqueeze(-1), first)


def create_text_lstm(vocabulary: int = 16_000) -> TextLSTM:
    """Return the untrained network."""
    return TextLSTM(vocabulary)
