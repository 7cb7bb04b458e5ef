"""The generator of a conditional GAN: a class and 128 random numbers become a 28 x 28 grey image.

Shaped as DCGAN (Radford et al. 2016), enlarged by sub-pixel convolutions (Shi et al. 2016); the
class enters through the scale and the shift after each batch normalisation, as in SNGAN with
projection (Miyato and Koyama 2018).
"""

from __future__ import annotations

import copy
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

LATENT = 128


class Modulation(nn.Module):
    """Scale and shift of each channel, looked up by class."""

    def __init__(self, scale: Tensor, shift: Tensor) -> None:
        super().__init__()
        self.scale = nn.Embedding(len(scale), scale.shape[1], _weight=scale)  # (classes, C)
        self.shift = nn.Embedding(len(shift), shift.shape[1], _weight=shift)

    def forward(self, x: Tensor, label: Tensor) -> Tensor:
        """Return ``x`` (N, C, H, W), scaled and shifted for ``label`` (N,)."""
        scale, shift = self.scale(label), self.shift(label)  # (N, C)
        return cast(Tensor, x * scale[:, :, None, None] + shift[:, :, None, None])


class ConditionalBatchNorm(nn.Module):
    """Batch normalisation whose scale and shift are the class's own."""

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(channels, affine=False)
        self.modulation = Modulation(torch.ones(classes, channels), torch.zeros(classes, channels))

    def forward(self, x: Tensor, label: Tensor) -> Tensor:
        """Return ``x`` (N, C, H, W), normalised over the batch, then modulated."""
        return cast(Tensor, self.modulation(self.norm(x), label))

    def fold(self) -> Modulation:
        """Return what this is after training, when mean and variance are constants."""
        mean, variance = cast(Tensor, self.norm.running_mean), cast(Tensor, self.norm.running_var)
        scale = self.modulation.scale.weight.detach() / (variance + self.norm.eps).sqrt()
        return Modulation(scale, self.modulation.shift.weight.detach() - scale * mean)


class Generator(nn.Module):
    """Images (N, 1, 28, 28) in [-1, 1] of latents (N, 128) and labels (N,)."""

    def __init__(self, classes: int = 10, width: int = 24) -> None:
        super().__init__()
        self.embed = nn.Embedding(classes, 32)
        self.project = nn.Linear(LATENT + 32, 128 * 7 * 7)
        self.norm1: nn.Module = ConditionalBatchNorm(128, classes)
        self.up1 = nn.Conv2d(128, 4 * 2 * width, 3, padding=1)
        self.norm2: nn.Module = ConditionalBatchNorm(2 * width, classes)
        self.up2 = nn.Conv2d(2 * width, 4 * width, 3, padding=1)
        self.norm3: nn.Module = ConditionalBatchNorm(width, classes)
        self.to_image = nn.Conv2d(width, 1, 3, padding=1)

    def forward(self, latent: Tensor, label: Tensor) -> Tensor:
        """Return images (N, 1, 28, 28)."""
        x = self.project(torch.cat([latent, self.embed(label)], 1)).reshape(-1, 128, 7, 7)
        x = F.pixel_shuffle(self.up1(F.relu(self.norm1(x, label))), 2)  # (N, 48, 14, 14)
        x = F.pixel_shuffle(self.up2(F.relu(self.norm2(x, label))), 2)  # (N, 24, 28, 28)
        return torch.tanh(self.to_image(F.relu(self.norm3(x, label))))


def fold_norms(model: Generator) -> Generator:
    """Return an evaluated copy in which each batch norm has become its scale and shift."""
    folded = copy.deepcopy(model).eval()
    for name in ("norm1", "norm2", "norm3"):
        setattr(folded, name, cast(ConditionalBatchNorm, getattr(folded, name)).fold())
    return folded


def create_generator() -> Generator:
    """Return the untrained network for the ten classes of Fashion-MNIST."""
    return Generator()
