"""Networks of plain ReLUs on which three packages can be held against each other. torch alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

SHAPE = (3, 16, 16)  # of an image
CLASSES = 5


class Sum(nn.Module):
    """A sum as a module, so that it can be exchanged for one that has a rule."""

    def forward(self, left: Tensor, right: Tensor) -> Tensor:
        """Add two tensors of one shape."""
        return left + right


class Residual(nn.Module):
    """A convolution around which its input is carried, then a rectifier."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.inner = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1),
            nn.BatchNorm2d(channels),
            nn.ReLU(),
            nn.Conv2d(channels, channels, 3, padding=1),
        )
        self.sum, self.rectify = Sum(), nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) -> the same."""
        rectified: Tensor = self.rectify(self.sum(x, self.inner(x)))
        return rectified


def create_dense() -> nn.Module:
    """Return three dense layers."""
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(768, 40),
        nn.ReLU(),
        nn.Linear(40, 30),
        nn.ReLU(),
        nn.Linear(30, CLASSES),
    )


def create_pools() -> nn.Module:
    """Return convolutions with largest and average pools.

    A convolution stands between the pool and the rectifier: where two layers without weights follow
    each other, Captum 0.9's DeepLIFT gives one of them its gradient in place of its rule, and its
    sum is off (captum#1104).
    """
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1),
        nn.MaxPool2d(2),
        nn.Conv2d(8, 16, 3, padding=1),
        nn.ReLU(),
        nn.AvgPool2d(2),
        nn.Flatten(),
        nn.Linear(256, 24),
        nn.ReLU(),
        nn.Linear(24, CLASSES),
    )


def create_residual() -> nn.Module:
    """Return strides, groups, batch norms and two residual blocks."""
    return nn.Sequential(
        nn.Conv2d(3, 12, 5, stride=2, padding=2),
        nn.BatchNorm2d(12),
        nn.ReLU(),
        Residual(12),
        nn.Conv2d(12, 12, 3, padding=1, groups=12),
        nn.ReLU(),
        Residual(12),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(12, CLASSES),
    )


NETWORKS: Mapping[str, Callable[[], nn.Module]] = {
    "dense": create_dense,
    "pools": create_pools,
    "residual": create_residual,
}


def create_network(name: str, seed: int = 0) -> nn.Module:
    """Return a network of random weights, biases and statistics, for inference."""
    torch.manual_seed(seed)
    network = NETWORKS[name]()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            assert module.running_mean is not None and module.running_var is not None
            nn.init.normal_(module.running_mean, std=0.2)
            nn.init.uniform_(module.running_var, 0.5, 2.0)
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, std=0.2)
    return network.eval()


def create_images(count: int, seed: int = 1) -> Tensor:
    """Return images (count, 3, 16, 16) of normal numbers."""
    return torch.randn(count, *SHAPE, generator=torch.Generator().manual_seed(seed))
