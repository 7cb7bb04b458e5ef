"""Train the small CNN on Fashion-MNIST: ``python -m export.train.cnn``."""

from __future__ import annotations

import sys
from functools import partial
from typing import cast

from models.small_cnn import LAYERS, SmallCNN, create_small_cnn
from torch import Tensor, nn

from export.arrays import Floats
from export.graphs import Graph, fold_batch_norm
from export.train import fashion
from export.train.fashion import Classifier, write_classifier
from export.train.images import Recipe
from export.train.options import Options
from export.train.script import run_script

SUMMARY = (
    "A small convolutional network that tells ten kinds of clothing apart. It has seen 60,000 grey "
    "pictures of 28 x 28 pixels from a shop's catalogue, each a single garment laid out in white "
    "on black. It looks for edges first, for parts next, and averages what it found over the whole "
    "picture before it decides."
)
LIMITS = (
    "It must answer with one of its ten classes, whatever it is shown: a face, a digit, an empty "
    "picture. It takes shirts for T-shirts, pullovers and coats more often than anything else. It "
    "has never seen a dark garment on a light ground, a person wearing one, or colour; a garment "
    "turned upside down is new to it."
)


class WithLayers(nn.Module):
    """Logits and the activations after each stage, so that the graph keeps their names."""

    def __init__(self, model: SmallCNN) -> None:
        super().__init__()
        self.model = model

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        """Return logits (N, 10), then early, middle and late."""
        layers = self.model.compute_layers(image)
        logits = self.model.classifier(layers["late"].mean((2, 3)))
        return logits, *(layers[name] for name in LAYERS)


def wrap(model: nn.Module) -> WithLayers:
    """Return what is exported of a trained network: batch norms folded, layers named."""
    return WithLayers(cast(SmallCNN, fold_batch_norm(model)))


def create_graph(model: nn.Module, checks: Floats) -> Graph:
    """Return the graph of a trained network, compared on images (N, 1, 28, 28)."""
    return fashion.create_graph(wrap(model), checks, LAYERS)


CNN = Classifier(
    name="cnn.fashion_mnist",
    script="cnn",
    title="Small CNN (clothing)",
    family="cnn",
    summary=SUMMARY,
    limits=LIMITS,
    floor=93.0,
    recipe=Recipe(steps=9_400),  # 20 epochs
    tiny=Recipe(steps=4, batch=16),
    create=create_small_cnn,
    create_graph=create_graph,
)


def write(options: Options) -> None:
    """Train and export."""
    write_classifier(CNN, options)


main = partial(run_script, "cnn", __doc__, write)


if __name__ == "__main__":
    sys.exit(main())
