"""A small Transformer that points from a pronoun to the word it stands for.

Scores over places in the manner of pointer networks (Vinyals, Fortunato, Jaitly 2015) on top of
self-attention (Vaswani et al. 2017), written out so that every layer's attention can be shown. What
it reads are the states of a frozen encoder: a word that training never showed has a meaning too.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

STATE = 384  # numbers in the encoder's state of a word piece
LONGEST = 64  # word pieces
BLOCKED = -1e9  # the score of a place that is padding


class ResolverBlock(nn.Module):
    """Self-attention and a two-layer perceptron, each added to what came in."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.expand, self.shrink = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, blocked: Tensor) -> tuple[Tensor, Tensor]:
        """Return the new states (N, T, width) and the attention (N, heads, T, T)."""
        count, length, width = x.shape
        qkv = self.qkv(self.norm1(x)).view(count, length, 3, self.heads, width // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)  # (N, heads, T, d) each
        scores = q @ k.transpose(-1, -2) / math.sqrt(width // self.heads)
        attention = (scores + blocked[:, None, None]).softmax(-1)  # (N, heads, T, T)
        mixed = (attention @ v).transpose(1, 2).reshape(count, length, width)
        x = x + self.dropout(self.out(mixed))
        x = x + self.dropout(self.shrink(F.gelu(self.expand(self.norm2(x)))))
        return x, attention


class PronounResolver(nn.Module):
    """Scores (N, T) of every place for being what the pronoun stands for, and attention."""

    mean: Tensor
    spread: Tensor

    def __init__(
        self,
        width: int = 64,
        heads: int = 4,
        layers: int = 2,
        dropout: float = 0.3,
    ) -> None:
        super().__init__()
        # Set to the mean and the spread of the states in training, so that all count alike.
        self.register_buffer("mean", torch.zeros(STATE))
        self.register_buffer("spread", torch.ones(STATE))
        self.enter = nn.Linear(STATE, width)
        self.position = nn.Parameter(torch.randn(LONGEST, width) * 0.1)
        self.blocks = nn.ModuleList(ResolverBlock(width, heads, dropout) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        self.query, self.key = nn.Linear(width, width), nn.Linear(width, width)

    def forward(
        self, states: Tensor, attention_mask: Tensor, pronoun: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return scores (N, T) and attention (N, layers, heads, T, T).

        ``states`` (N, T, 384); ``attention_mask`` (N, T) is 1 at words and 0 at padding;
        ``pronoun`` (N,) is the pronoun's place.
        """
        blocked = (1.0 - attention_mask.to(states.dtype)) * BLOCKED  # (N, T)
        x = self.enter((states - self.mean) / self.spread) + self.position[: states.shape[1]]
        maps = []
        for block in self.blocks:
            x, attention = block(x, blocked)
            maps.append(attention)
        x = self.norm(x)
        places = pronoun[:, None, None].expand(-1, 1, x.shape[2])
        query = self.query(x.gather(1, places))  # (N, 1, width)
        scores = (query * self.key(x)).sum(-1) / math.sqrt(x.shape[2])
        return scores.masked_fill(attention_mask == 0, BLOCKED), torch.stack(maps, 1)


def create_pronoun_resolver() -> PronounResolver:
    """Return the untrained network."""
    return PronounResolver()
