"""A small Transformer that reads symbols and answers at the end (Vaswani et al. 2017).

Normalisation before each part (Xiong et al. 2020), sinusoidal positions, attention written out so
that its probabilities can be shown.
"""

from __future__ import annotations

import math
from typing import cast

import torch
from torch import Tensor, nn

TOKENS = 9  # eight symbols and the query mark
SYMBOLS = 8
LONGEST = 514  # positions


def compute_positions(length: int, width: int) -> Tensor:
    """Return sines and cosines of many wavelengths (length, width)."""
    rates = torch.exp(torch.arange(0, width, 2) * (-math.log(10_000.0) / width))
    angles = torch.arange(length)[:, None] * rates
    return torch.cat([angles.sin(), angles.cos()], 1)


class RecallBlock(nn.Module):
    """Causal self-attention and a two-layer perceptron, each added to what came in."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.mlp = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)
        )

    def forward(self, x: Tensor, future: Tensor) -> tuple[Tensor, Tensor]:
        """Return the new states (N, T, width) and the attention (N, heads, T, T)."""
        count, length, width = x.shape
        qkv = self.qkv(self.norm1(x)).view(count, length, 3, self.heads, width // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)  # (N, heads, T, d) each
        scores = q @ k.transpose(-1, -2) / math.sqrt(width // self.heads)
        attention = scores.masked_fill(future, -1e9).softmax(-1)  # (N, heads, T, T)
        mixed = (attention @ v).transpose(1, 2).reshape(count, length, width)
        x = x + self.out(mixed)
        return x + self.mlp(self.norm2(x)), attention


class RecallTransformer(nn.Module):
    """Logits (N, symbols) of sequences of tokens (N, T), with the attention of all layers."""

    positions: Tensor

    def __init__(self, width: int = 32, heads: int = 4, layers: int = 2) -> None:
        super().__init__()
        self.embedding = nn.Embedding(TOKENS, width)
        self.register_buffer("positions", compute_positions(LONGEST, width), persistent=False)
        self.blocks = nn.ModuleList(RecallBlock(width, heads) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        self.classifier = nn.Linear(width, SYMBOLS)
        nn.init.normal_(self.embedding.weight, std=0.5)

    def read_with_attention(self, embeddings: Tensor) -> tuple[Tensor, Tensor]:
        """Return logits (N, symbols) and attention (N, layers, heads, T, T)."""
        length = embeddings.shape[1]
        x = embeddings + self.positions[:length]
        future = torch.ones(length, length, dtype=torch.bool, device=x.device).triu(1)
        maps = []
        for block in self.blocks:
            x, attention = block(x, future)
            maps.append(attention)
        return cast(Tensor, self.classifier(self.norm(x[:, -1]))), torch.stack(maps, 1)

    def read(self, embeddings: Tensor) -> Tensor:
        """Return logits (N, symbols) of embedded sequences (N, T, width)."""
        return self.read_with_attention(embeddings)[0]

    def forward(self, tokens: Tensor) -> Tensor:
        """Return logits (N, symbols) of tokens (N, T)."""
        return self.read(self.embedding(tokens))


def create_recall_transformer() -> RecallTransformer:
    """Return the untrained network."""
    return RecallTransformer()
