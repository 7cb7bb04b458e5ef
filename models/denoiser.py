"""A class-conditional noise predictor for 28 x 28 grey images: a small U-Net.

Trained as in DDPM (Ho et al. 2020) on a cosine schedule (Nichol and Dhariwal 2021). Time and class
scale and shift the features of every block; a class index past the last means "no class", which
classifier-free guidance needs (Ho and Salimans 2022). The image enters as 14 x 14 patches of 2 x 2
pixels: a quarter of the places to compute at.
"""

from __future__ import annotations

import math
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

TIMES = 1000  # time 0 is almost clean, time 999 is noise
CLASSES = 10
NO_CLASS = CLASSES


def embed_time(time: Tensor, width: int) -> Tensor:
    """Return waves (N, width) of times (N,), slow to fast (Vaswani et al. 2017)."""
    steps = torch.arange(width // 2, dtype=torch.float32, device=time.device)
    angles = time.float()[:, None] * torch.exp(-math.log(10_000.0) * steps / (width // 2))[None]
    return torch.cat([angles.sin(), angles.cos()], 1)


class Block(nn.Module):
    """Two convolutions around a residual; the condition scales and shifts between them."""

    def __init__(self, c_in: int, c_out: int, condition: int) -> None:
        super().__init__()
        self.norm1 = nn.GroupNorm(8, c_in)
        self.conv1 = nn.Conv2d(c_in, c_out, 3, padding=1)
        self.modulate = nn.Linear(condition, 2 * c_out)
        self.norm2 = nn.GroupNorm(8, c_out)
        self.conv2 = nn.Conv2d(c_out, c_out, 3, padding=1)
        self.skip = nn.Conv2d(c_in, c_out, 1) if c_in != c_out else nn.Identity()
        # A block begins as the identity: deep stacks of them train from the first step.
        nn.init.zeros_(self.conv2.weight)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """Return (N, c_out, H, W) of (N, c_in, H, W)."""
        scale, shift = self.modulate(condition)[:, :, None, None].chunk(2, 1)
        inner = self.norm2(self.conv1(F.silu(self.norm1(x)))) * (1 + scale) + shift
        return cast(Tensor, self.skip(x) + self.conv2(F.silu(inner)))


class Attention(nn.Module):
    """Self-attention between all places, one head, around a residual."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(8, channels)
        self.qkv = nn.Conv2d(channels, 3 * channels, 1)
        self.out = nn.Conv2d(channels, channels, 1)
        nn.init.zeros_(self.out.weight)

    def forward(self, x: Tensor) -> Tensor:
        """Return (N, C, H, W)."""
        q, k, v = self.qkv(self.norm(x)).flatten(2).chunk(3, 1)  # (N, C, HW) each
        scores = q.transpose(1, 2) @ k / math.sqrt(x.shape[1])  # (N, HW, HW)
        mixed = v @ scores.softmax(2).transpose(1, 2)  # (N, C, HW)
        return cast(Tensor, x + self.out(mixed.reshape(x.shape)))


class Denoiser(nn.Module):
    """The noise (N, 1, 28, 28) in noisy images, given times (N,) and labels (N,)."""

    def __init__(self, width: int = 48) -> None:
        super().__init__()
        self.width, condition = width, 4 * width
        self.time = nn.Sequential(
            nn.Linear(width, condition), nn.SiLU(), nn.Linear(condition, condition)
        )
        self.label = nn.Embedding(CLASSES + 1, condition)
        self.conv_in = nn.Conv2d(4, width, 3, padding=1)
        self.down1 = Block(width, width, condition)
        self.shrink = nn.Conv2d(width, 2 * width, 3, stride=2, padding=1)
        self.down2 = Block(2 * width, 2 * width, condition)
        self.attention = Attention(2 * width)
        self.middle = Block(2 * width, 2 * width, condition)
        self.up2 = Block(4 * width, 2 * width, condition)
        self.grow = nn.Conv2d(2 * width, 4 * width, 3, padding=1)
        self.up1 = Block(2 * width, width, condition)
        self.norm_out = nn.GroupNorm(8, width)
        self.conv_out = nn.Conv2d(width, 4, 3, padding=1)
        nn.init.zeros_(self.conv_out.weight)

    def forward(self, image: Tensor, time: Tensor, label: Tensor) -> Tensor:
        """Return the predicted noise (N, 1, 28, 28)."""
        condition = F.silu(self.time(embed_time(time, self.width)) + self.label(label))
        fine = self.down1(self.conv_in(F.pixel_unshuffle(image, 2)), condition)  # (N, 48, 14, 14)
        coarse = self.attention(self.down2(self.shrink(fine), condition))  # (N, 96, 7, 7)
        x = self.middle(coarse, condition)
        x = self.grow(self.up2(torch.cat([x, coarse], 1), condition))
        x = F.pixel_shuffle(x, 2)  # (N, 48, 14, 14)
        x = self.up1(torch.cat([x, fine], 1), condition)
        return F.pixel_shuffle(self.conv_out(F.silu(self.norm_out(x))), 2)


def create_denoiser() -> Denoiser:
    """Return the untrained network for the ten classes of Fashion-MNIST."""
    return Denoiser()
