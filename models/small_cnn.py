"""A small convolutional network for 28 x 28 grey images.

Five blocks of convolution, batch normalisation and ReLU with max pooling after the first and the
third, then the average over all places and one linear layer: LeCun et al. 1998 with the parts that
became usual since (Ioffe and Szegedy 2015; global average pooling: Lin et al. 2014).
"""

from __future__ import annotations

from collections import OrderedDict
from typing import cast

from torch import Tensor, nn

LAYERS = ("early", "middle", "late")


class ConvBlock(nn.Sequential):
    """Convolution that keeps the size, batch norm, ReLU; ``conv`` and ``norm`` can be folded."""

    conv: nn.Conv2d
    norm: nn.BatchNorm2d

    def __init__(self, c_in: int, c_out: int, kernel: int) -> None:
        super().__init__(
            OrderedDict(
                conv=nn.Conv2d(c_in, c_out, kernel, padding=kernel // 2, bias=False),
                norm=nn.BatchNorm2d(c_out),
                relu=nn.ReLU(),
            )
        )


class SmallCNN(nn.Module):
    """Class logits (N, classes) of images (N, 1, 28, 28)."""

    def __init__(self, classes: int = 10) -> None:
        super().__init__()
        self.early = ConvBlock(1, 24, 5)
        self.middle = nn.Sequential(ConvBlock(24, 48, 3), ConvBlock(48, 48, 3))
        self.late = nn.Sequential(ConvBlock(48, 128, 3), ConvBlock(128, 128, 3))
        self.pool = nn.MaxPool2d(2)
        self.classifier = nn.Linear(128, classes)

    def compute_layers(self, image: Tensor) -> dict[str, Tensor]:
        """Return the activations after each stage, by the names in ``LAYERS``."""
        early = self.early(image)  # (N, 24, 28, 28)
        middle = self.middle(self.pool(early))  # (N, 48, 14, 14)
        late = self.late(self.pool(middle))  # (N, 128, 7, 7)
        return {"early": early, "middle": middle, "late": late}

    def compute_features(self, image: Tensor) -> Tensor:
        """Return what the classifier reads, (N, 128): the average over all places."""
        return self.compute_layers(image)["late"].mean((2, 3))

    def forward(self, image: Tensor) -> Tensor:
        """Return logits (N, classes)."""
        return cast(Tensor, self.classifier(self.compute_features(image)))


def create_small_cnn() -> SmallCNN:
    """Return the untrained network for the ten classes of Fashion-MNIST."""
    return SmallCNN()
