"""What all classifiers of Fashion-MNIST have in common: data, graph, card, and how they train."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from export.arrays import Floats
from export.artifact import Draft, Gradient, Picture, write_model
from export.card import Metric, Port, Preprocessing
from export.datasets import fashion_mnist
from export.datasets.fashion_mnist import LABELS, LICENCE, MEAN, SHA256, STD, Images, normalize
from export.graphs import Graph
from export.metrics import measure_share
from export.sessions import open_session, run_in_batches
from export.train.images import Recipe, fit
from export.train.options import Options
from export.train.record import describe_run

IMAGE, LOGITS = "image", "logits"
PICTURE = Picture(
    size=28,
    channels=1,
    preprocessing=Preprocessing(
        "center_square", "bilinear", (round(255 * MEAN, 6),), (round(255 * STD, 6),)
    ),
)
SOURCE = {
    "data": "Fashion-MNIST: 60,000 images to train on, 10,000 to test",
    "address": "https://github.com/zalandoresearch/fashion-mnist",
    "licence": LICENCE,
    "sha256": SHA256["train-images-idx3-ubyte.gz"],
    "credit": "Han Xiao, Kashif Rasul, Roland Vollgraf (Zalando Research, 2017); trained by us",
}
create_clothing_draft = partial(
    Draft, source=SOURCE, licence="Apache-2.0 (weights), MIT (data)", labels=LABELS
)
IMAGE_PORT = Port("float32", ("N", 1, 28, 28), "grey image, (pixel / 255 - 0.2860) / 0.3530")
LOGITS_PORT = Port("float32", ("N", len(LABELS)), "one score a class, before softmax")


@dataclass(frozen=True)
class Classifier:
    """What is a network's own; ``script`` is the module in this folder that trains it.

    ``create_graph`` makes a trained network's graph, compared on images (N, 1, 28, 28);
    ``describe`` its card's details. ``tiny`` is the recipe of a trial.
    """

    name: str
    script: str
    title: str
    family: str
    summary: str
    limits: str
    floor: float
    recipe: Recipe
    tiny: Recipe
    create: Callable[[], nn.Module]
    create_graph: Callable[[nn.Module, Floats], Graph]
    describe: Callable[[nn.Module], Mapping[str, object]] = lambda _: {}


def write_classifier(network: Classifier, options: Options) -> None:
    """Train a classifier, or go on training it, and write its artifact.

    Raises:
        DatasetError: a file of the data set is missing or damaged.
        FloorError: the accuracy is below the floor.
        ParityError: ONNX Runtime and torch differ by more than the bound.
    """
    data, test = load_splits(options.data, options.tiny)
    recipe = network.tiny if options.tiny else network.recipe
    checkpoint = options.open_checkpoint(network.name)
    state = fit(network.create, data, recipe, options.seed, checkpoint, network.title)
    graph = network.create_graph(state.model, normalize(test.pixels[:16]))
    command = f"python -m export.train.{network.script}"
    draft = create_clothing_draft(
        name=network.name,
        title=network.title,
        family=network.family,
        task="image-classification",
        summary=network.summary,
        limits=network.limits,
        graphs={"predict": graph},
        gradient=Gradient(graph, LOGITS, graph.layers),
        evaluate=lambda folder: measure_accuracy(folder / "predict.onnx", test),
        floors={} if options.tiny else {"accuracy": network.floor},
        training=describe_run(command, options.seed, recipe, state),
        details=network.describe(state.model),
        picture=PICTURE,
    )
    write_model(draft, options.zoo)


def load_splits(folder: Path | None, is_tiny: bool) -> tuple[Images, Images]:
    """Return the training and the test images, or a few of each."""
    train, test = (fashion_mnist.load(split, folder) for split in ("train", "test"))
    if is_tiny:
        return fashion_mnist.take_few(train, 20), fashion_mnist.take_few(test, 20)
    return train, test


def create_graph(
    module: nn.Module,
    checks: Floats,
    layers: Sequence[str],
    more: Mapping[str, Port] | None = None,
) -> Graph:
    """Return the graph of a classifier whose forward gives logits, ``more``, then the layers."""
    return Graph(
        module,
        (torch.zeros(2, 1, 28, 28),),
        {IMAGE: IMAGE_PORT},
        {LOGITS: LOGITS_PORT, **(more or {})},
        tuple(layers),
        (checks,),
    )


def predict(path: Path, pixels: NDArray[np.uint8]) -> Floats:
    """Return the logits (N, 10) of an exported classifier."""
    logits: Floats = run_in_batches(open_session(path), LOGITS, {IMAGE: normalize(pixels)})
    return logits


def measure_accuracy(path: Path, test: Images) -> dict[str, Metric]:
    """Return the exported classifier's accuracy and its recall of each class."""
    is_right = predict(path, test.pixels).argmax(1) == test.labels
    found = {
        "accuracy": measure_share(
            int(is_right.sum()), len(test), "of the test images are given their class"
        )
    }
    for index, label in enumerate(LABELS):
        members = is_right[test.labels == index]
        if len(members):
            found[f"recall/{label}"] = measure_share(
                int(members.sum()), len(members), f"of the test images of class {label} are found"
            )
    return found
