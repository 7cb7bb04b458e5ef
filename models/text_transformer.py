"""A small Transformer that reads a review from left to right (Vaswani et al. 2017).

Normalisation before each part (Xiong et al. 2020), sinusoidal positions, attention written out so
that its probabilities can be shown. A word looks at itself and back, never ahead: so there is a
verdict after every word, as an RNN and an LSTM have one.
"""

from __future__ import annotations

import math
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.sentiment_head import SentimentHead

PAD = 0  # the token that fills rows up
LONGEST = 512  # positions
_SCALE = 0.1  # of embeddings and positions at the start
_NEVER = -3e4  # a score that softmax makes 0; it fits into a float16


def compute_positions(length: int, width: int) -> Tensor:
    """Return sines and cosines of many wavelengths (length, width)."""
    rates = torch.exp(torch.arange(0, width, 2) * (-math.log(10_000.0) / width))
    angles = torch.arange(length)[:, None] * rates
    return torch.cat([angles.sin(), angles.cos()], 1)


class TextBlock(nn.Module):
    """Causal self-attention and a two-layer perceptron, each added to what came in."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.mlp = nn.Sequential(
            nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width)
        )
        self.dropout = nn.Dropout(0.1)

    def forward(self, x: Tensor) -> Tensor:
        """Return the new states (N, T, width), with attention in one fused step: for training."""
        q, k, v = self._split(x)
        return self._add(x, F.scaled_dot_product_attention(q, k, v, is_causal=True))

    def forward_with_attention(self, x: Tensor, future: Tensor) -> tuple[Tensor, Tensor]:
        """Return the new states (N, T, width) and the attention (N, heads, T, T).

        ``future`` (T, T) is 0 where a word may look and very negative where it may not.
        """
        q, k, v = self._split(x)
        scores = q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])
        attention = (scores + future).softmax(-1)  # (N, heads, T, T)
        return self._add(x, attention @ v), attention

    def _split(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return queries, keys and values, (N, heads, T, d) each."""
        count, length, width = x.shape
        qkv = self.qkv(self.norm1(x)).view(count, length, 3, self.heads, width // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)
        return q, k, v

    def _add(self, x: Tensor, mixed: Tensor) -> Tensor:
        """Add to the states what attention gathered (N, heads, T, d), then the perceptron's."""
        gathered = self.out(mixed.transpose(1, 2).reshape(x.shape))
        x = x + cast(Tensor, self.dropout(gathered))
        return x + cast(Tensor, self.dropout(self.mlp(self.norm2(x))))


class TextTransformer(nn.Module):
    """Logits (N, classes) of tokens (N, T), with the attention of all layers."""

    positions: Tensor

    def __init__(self, vocabulary: int, width: int = 64, heads: int = 4, layers: int = 2) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, width, padding_idx=PAD)
        # Small, so that a word's meaning is learned in a few steps and its place does not drown it.
        nn.init.normal_(self.embedding.weight, std=_SCALE)
        with torch.no_grad():
            self.embedding.weight[PAD] = 0.0
        positions = _SCALE * compute_positions(LONGEST, width)
        self.register_buffer("positions", positions, persistent=False)
        self.dropout = nn.Dropout(0.3)
        self.blocks = nn.ModuleList(TextBlock(width, heads) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        self.head = SentimentHead(width)

    def compute_states(self, embeddings: Tensor) -> tuple[Tensor, Tensor]:
        """Return the states (N, T, width) and the attention (N, layers, heads, T, T)."""
        length = embeddings.shape[1]
        x = self.dropout(embeddings + self.positions[:length])
        future = torch.full((length, length), _NEVER, dtype=x.dtype, device=x.device).triu(1)
        maps = []
        for block in self.blocks:
            x, attention = cast(TextBlock, block).forward_with_attention(x, future)
            maps.append(attention)
        return self.norm(x), torch.stack(maps, 1)

    def read(self, embeddings: Tensor, mask: Tensor) -> Tensor:
        """Return logits (N, T, classes) after every word; ``mask`` (N, T) is 0 at padding.

        Padding stands on the right, where no word looks, so attention needs no mask of its own.
        """
        x = self.dropout(embeddings + self.positions[: embeddings.shape[1]])
        for block in self.blocks:
            x = block(x)
        return cast(Tensor, self.head(self.norm(x), mask))

    def forward(self, tokens: Tensor) -> Tensor:
        """Return logits (N, classes) of whole texts (N, T)."""
        return self.read(self.embedding(tokens), (tokens != PAD).float())[:, -1]


def create_text_transformer(vocabulary: int = 16_000) -> TextTransformer:
    """Return the untrained network."""
    return TextTransformer(vocabulary)
