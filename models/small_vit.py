"""A small vision Transformer for 28 x 28 grey images (Dosovitskiy et al. 2021).

A stem of two convolutions turns the image into 49 tokens, 4 pixels apart (on a small set that does
far better than cut-out patches: Xiao et al. 2021). They and a class token pass through blocks of
self-attention and a two-layer network, each normalised first (pre-norm: Xiong et al. 2020).
``look`` writes the attention out, because its probabilities are what the page shows; ``forward``
computes the same, faster.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

SIDE, STRIDE = 28, 4
PATCH = 7  # pixels that a token has seen: 3 of the first convolution, and 2 steps of 2
TOKENS = (SIDE // STRIDE) ** 2 + 1


class StemBlock(nn.Sequential):
    """Convolution that halves the size, batch norm, ReLU; ``conv`` and ``norm`` can be folded."""

    conv: nn.Conv2d
    norm: nn.BatchNorm2d

    def __init__(self, c_in: int, c_out: int) -> None:
        super().__init__(
            OrderedDict(
                conv=nn.Conv2d(c_in, c_out, 3, stride=2, padding=1, bias=False),
                norm=nn.BatchNorm2d(c_out),
                relu=nn.ReLU(),
            )
        )


class Attention(nn.Module):
    """Multi-head self-attention that also returns who looked at whom."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        """Return the new tokens (N, T, d), computed without keeping the probabilities."""
        q, k, v = self._project(x)
        mixed = F.scaled_dot_product_attention(q, k, v)
        return cast(Tensor, self.out(mixed.transpose(1, 2).flatten(2)))

    def look(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the same tokens, and the probabilities (N, heads, T, T)."""
        q, k, v = self._project(x)
        scores = q @ k.transpose(2, 3) * q.shape[-1] ** -0.5  # (N, heads, T, T)
        probabilities = scores.softmax(-1)
        mixed = (probabilities @ v).transpose(1, 2).flatten(2)  # (N, T, d)
        return self.out(mixed), probabilities

    def _project(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        parts = self.qkv(x).unflatten(2, (3, self.heads, -1))  # (N, T, 3, heads, d / heads)
        q, k, v = parts.permute(2, 0, 3, 1, 4).unbind(0)  # (N, heads, T, d / heads) each
        return q, k, v


class Block(nn.Module):
    """Attention, then a network for each token by itself, both added to what was there."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = Attention(width, heads)
        self.mlp = nn.Sequential(
            nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return the new tokens (N, T, d)."""
        x = x + self.attention(self.norm1(x))
        return x + cast(Tensor, self.mlp(self.norm2(x)))

    def look(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the same tokens and the attention (N, heads, T, T)."""
        mixed, probabilities = self.attention.look(self.norm1(x))
        x = x + mixed
        return x + self.mlp(self.norm2(x)), probabilities


class SmallViT(nn.Module):
    """Class logits (N, classes) of images (N, 1, 28, 28)."""

    def __init__(self, classes: int = 10, width: int = 64, depth: int = 4, heads: int = 4) -> None:
        super().__init__()
        self.patches = nn.Sequential(StemBlock(1, width // 2), StemBlock(width // 2, width))
        self.class_token = nn.Parameter(torch.zeros(1, 1, width))
        self.positions = nn.Parameter(0.02 * torch.randn(1, TOKENS, width))
        self.blocks = nn.ModuleList(Block(width, heads) for _ in range(depth))
        self.norm = nn.LayerNorm(width)
        self.classifier = nn.Linear(width, classes)

    def embed(self, image: Tensor) -> Tensor:
        """Return the tokens (N, T, d) that enter the first block."""
        patches = self.patches(image).flatten(2).transpose(1, 2)  # (N, 49, d)
        tokens = torch.cat([self.class_token.expand(patches.shape[0], -1, -1), patches], 1)
        return tokens + self.positions

    def classify(self, x: Tensor) -> Tensor:
        """Return logits of the last tokens (N, T, d)."""
        # The average of the patches beside the class token: a small set trains better with both.
        features = self.norm(x)
        return cast(Tensor, self.classifier(features[:, 0] + features[:, 1:].mean(1)))

    def forward(self, image: Tensor) -> Tensor:
        """Return logits (N, classes)."""
        x = self.embed(image)
        for block in self.blocks:
            x = block(x)
        return self.classify(x)

    def look(self, image: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Return the same logits and each block's attention (N, heads, T, T)."""
        x, attention = self.embed(image), []
        for block in self.blocks:
            x, probabilities = cast(Block, block).look(x)
            attention.append(probabilities)
        return self.classify(x), attention


def create_small_vit() -> SmallViT:
    """Return the untrained network for the ten classes of Fashion-MNIST."""
    return SmallViT()
