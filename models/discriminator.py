"""The discriminator of a conditional GAN: is this image of this class a real one?

Strided convolutions with spectral normalisation, which bounds how fast the score can change (Miyato
et al. 2018), and a projection: the score is how plausible the image is at all plus how well its
features point along the class's own vector (Miyato and Koyama 2018).
"""

from __future__ import annotations

from typing import cast

import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm
from torch.nn.utils.parametrize import is_parametrized, remove_parametrizations

LAYERS = ("early", "middle", "late")


class Discriminator(nn.Module):
    """Scores (N, 1) of images (N, 1, 28, 28) with labels (N,): above 0 is "real"."""

    def __init__(self, classes: int = 10, width: int = 48) -> None:
        super().__init__()
        self.classes, self.width = classes, width
        self.early = spectral_norm(nn.Conv2d(1, width, 4, stride=2, padding=1))
        self.middle = spectral_norm(nn.Conv2d(width, 2 * width, 4, stride=2, padding=1))
        self.late = spectral_norm(nn.Conv2d(2 * width, 3 * width, 3, padding=1))
        self.score = spectral_norm(nn.Linear(3 * width, 1))
        self.embed = spectral_norm(nn.Embedding(classes, 3 * width))

    def compute_layers(self, image: Tensor) -> dict[str, Tensor]:
        """Return the activations after each stage, by the names in ``LAYERS``."""
        early = F.leaky_relu(self.early(image), 0.2)  # (N, 48, 14, 14)
        middle = F.leaky_relu(self.middle(early), 0.2)  # (N, 96, 7, 7)
        late = F.leaky_relu(self.late(middle), 0.2)  # (N, 144, 7, 7)
        return {"early": early, "middle": middle, "late": late}

    def judge(self, late: Tensor, label: Tensor) -> Tensor:
        """Return scores (N, 1) of the last stage's activations."""
        features = late.sum((2, 3)) / 7  # (N, 144); 7 keeps sums of 49 places in range
        projection = (features * self.embed(label)).sum(1, keepdim=True)
        return cast(Tensor, self.score(features) + projection)

    def forward(self, image: Tensor, label: Tensor) -> Tensor:
        """Return scores (N, 1)."""
        return self.judge(self.compute_layers(image)["late"], label)


def fold_norms(model: Discriminator) -> Discriminator:
    """Return an evaluated copy with plain weights, already divided by their spectral norms."""
    # Not a deep copy: that would share the classes that parametrisation makes, and undoing one
    # would undo both.
    folded = Discriminator(model.classes, model.width).eval()
    folded.load_state_dict(model.state_dict())
    for module in folded.children():
        if is_parametrized(module):
            remove_parametrizations(module, "weight")
    return folded


def create_discriminator() -> Discriminator:
    """Return the untrained network for the ten classes of Fashion-MNIST."""
    return Discriminator()
