"""Train the small vision Transformer on Fashion-MNIST: ``python -m export.train.vit``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import cast

import torch
from models.small_vit import PATCH, SIDE, STRIDE, TOKENS, Block, SmallViT, create_small_vit
from torch import Tensor, nn

from export.artifact import Draft, FloorError, Gradient, describe_training, write_model
from export.datasets import DatasetError
from export.datasets.fashion_mnist import LABELS, Images, load, normalize, take_few
from export.graphs import Port, fold_batch_norm
from export.parity import ParityError
from export.train.checkpoint import Checkpoint
from export.train.fashion import PICTURE, SOURCE, create_graph, measure_accuracy
from export.train.fitted import Fitted
from export.train.images import Recipe, fit
from export.train.options import Options, parse_options

NAME = "vit.fashion_mnist"
FLOOR = 90.0
RECIPE = Recipe(
    steps=7_000, rate=2e-3, weight_decay=0.05, optimizer="adamw", half=False
)  # 15 epochs
TINY = Recipe(steps=3, batch=16, rate=1e-3, optimizer="adamw")

SUMMARY = (
    "A small Transformer that tells ten kinds of clothing apart. It sees the picture as 49 "
    "overlapping patches of 7 x 7 pixels and lets every patch ask every other what it holds, "
    "four times over. "
    "Nobody told it that neighbouring patches belong together: where the patches lie and what is "
    "near to what it had to learn from the same 60,000 pictures that the CNN has seen."
)
LIMITS = (
    "On so few pictures it is less accurate than the CNN, which is built to look at neighbours "
    "first. It must answer with one of its ten classes, whatever it is shown. What a patch attends "
    "to is a part of the computation, not the reason for the answer."
)
ATTENTION = "attention"


class WithAttention(nn.Module):
    """Logits, the attention of all blocks together and, as layers, of each."""

    def __init__(self, model: SmallViT) -> None:
        super().__init__()
        self.model = model

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        """Return logits (N, 10), attention (N, depth, heads, 50, 50) and that of each block."""
        logits, attention = self.model.look(image)
        return logits, torch.stack(attention, 1), *attention


def train(options: Options, data: Images) -> Fitted:
    """Train, or go on training, the network."""
    recipe = TINY if options.tiny else RECIPE
    checkpoint = Checkpoint(options.checkpoints / f"{NAME}.pt")
    return fit(create_small_vit, data, recipe, options.seed, checkpoint, "ViT")


def create_draft(options: Options, fitted: Fitted, test: Images) -> Draft:
    """Return the artifact to be."""
    recipe, model = TINY if options.tiny else RECIPE, cast(SmallViT, fitted.model)
    depth, heads = len(model.blocks), cast(Block, model.blocks[0]).attention.heads
    layers = tuple(f"{ATTENTION}_{i}" for i in range(depth))
    attention = Port(
        "float32",
        ("N", depth, heads, TOKENS, TOKENS),
        "how much each token (row) looks at each (column), by layer and head; rows sum to 1; "
        "token 0 is the class token, the others are the patches, row by row",
    )
    checks = normalize(test.pixels[:16])
    folded = cast(SmallViT, fold_batch_norm(model))
    graph = create_graph(WithAttention(folded), checks, layers, {ATTENTION: attention})
    return Draft(
        name=NAME,
        title="Small ViT (clothing)",
        family="transformer",
        task="image-classification",
        summary=SUMMARY,
        limits=LIMITS,
        graphs={"predict": graph},
        gradient=Gradient(graph, "logits", layers),
        evaluate=lambda folder: measure_accuracy(folder / "predict.onnx", test),
        floors={} if options.tiny else {"accuracy": FLOOR},
        training=describe_training(
            "python -m export.train.vit",
            options.seed,
            recipe.steps,
            recipe.batch,
            fitted.meter,
            fitted.history,
        ),
        source=SOURCE,
        licence="Apache-2.0 (weights), MIT (data)",
        details={
            "patch": PATCH,
            "stride": STRIDE,
            "grid": SIDE // STRIDE,
            "layers": depth,
            "heads": heads,
        },
        labels=LABELS,
        picture=PICTURE,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Train and export; return the exit status."""
    options = parse_options("vit", __doc__, arguments)
    try:
        data, test = (load(split, options.data) for split in ("train", "test"))
        if options.tiny:
            data, test = take_few(data), take_few(test)
        write_model(create_draft(options, train(options, data), test), options.zoo)
    except (DatasetError, FloorError, ParityError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
