"""Train the small CNN on Fashion-MNIST: ``python -m export.train.cnn``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import cast

from models.small_cnn import LAYERS, SmallCNN, create_small_cnn
from torch import Tensor, nn

from export.artifact import Draft, FloorError, Gradient, describe_training, write_model
from export.datasets import DatasetError, fashion_mnist
from export.graphs import fold_batch_norm
from export.parity import ParityError
from export.train.checkpoint import Checkpoint
from export.train.fashion import PICTURE, SOURCE, create_graph, measure_accuracy
from export.train.fitted import Fitted
from export.train.images import Recipe, fit
from export.train.options import Options, parse_options

NAME = "cnn.fashion_mnist"
FLOOR = 93.0
RECIPE = Recipe(steps=9_400)  # 20 epochs
TINY = Recipe(steps=4, batch=16)

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


def train(options: Options, data: fashion_mnist.Images) -> Fitted:
    """Train, or go on training, the network."""
    recipe = TINY if options.tiny else RECIPE
    checkpoint = Checkpoint(options.checkpoints / f"{NAME}.pt")
    return fit(create_small_cnn, data, recipe, options.seed, checkpoint, "CNN")


def create_draft(options: Options, fitted: Fitted, test: fashion_mnist.Images) -> Draft:
    """Return the artifact to be."""
    recipe = TINY if options.tiny else RECIPE
    graph = create_graph(wrap(fitted.model), fashion_mnist.normalize(test.pixels[:16]), LAYERS)
    return Draft(
        name=NAME,
        title="Small CNN (clothing)",
        family="cnn",
        task="image-classification",
        summary=SUMMARY,
        limits=LIMITS,
        graphs={"predict": graph},
        gradient=Gradient(graph, "logits", LAYERS),
        evaluate=lambda folder: measure_accuracy(folder / "predict.onnx", test),
        floors={} if options.tiny else {"accuracy": FLOOR},
        training=describe_training(
            "python -m export.train.cnn",
            options.seed,
            recipe.steps,
            recipe.batch,
            fitted.meter,
            fitted.history,
        ),
        source=SOURCE,
        licence="Apache-2.0 (weights), MIT (data)",
        labels=fashion_mnist.LABELS,
        picture=PICTURE,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Train and export; return the exit status."""
    options = parse_options("cnn", __doc__, arguments)
    try:
        data, test = (fashion_mnist.load(split, options.data) for split in ("train", "test"))
        if options.tiny:
            data, test = fashion_mnist.take_few(data), fashion_mnist.take_few(test)
        write_model(create_draft(options, train(options, data), test), options.zoo)
    except (DatasetError, FloorError, ParityError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
