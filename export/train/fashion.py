"""What the cards of all classifiers of Fashion-MNIST have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from torch import nn

from export.arrays import Floats
from export.artifact import Picture, open_session, run_in_batches
from export.card import Preprocessing
from export.datasets.fashion_mnist import LABELS, LICENCE, MEAN, SHA256, STD, Images, normalize
from export.graphs import Graph, Port
from export.metrics import Metric, measure_share

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
IMAGE_PORT = Port("float32", ("N", 1, 28, 28), "grey image, (pixel / 255 - 0.2860) / 0.3530")
LOGITS_PORT = Port("float32", ("N", len(LABELS)), "one score a class, before softmax")


def create_graph(
    module: nn.Module,
    checks: Floats,
    layers: Sequence[str],
    more: Mapping[str, Port] | None = None,
) -> Graph:
    """Return the graph of a classifier whose forward gives logits, ``more``, then the layers."""
    import torch

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
