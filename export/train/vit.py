"""Train the small vision Transformer on Fashion-MNIST: ``python -m export.train.vit``."""

from __future__ import annotations

import sys
from functools import partial
from typing import cast

import torch
from models.small_vit import PATCH, SIDE, STRIDE, TOKENS, Block, SmallViT, create_small_vit
from torch import Tensor, nn

from export.arrays import Floats
from export.card import Port
from export.graphs import Graph, fold_batch_norm
from export.train import fashion
from export.train.fashion import Classifier, write_classifier
from export.train.images import Recipe
from export.train.options import Options
from export.train.script import run_script

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


def create_graph(model: nn.Module, checks: Floats) -> Graph:
    """Return the graph of a trained network, compared on images (N, 1, 28, 28)."""
    folded = cast(SmallViT, fold_batch_norm(model))
    depth, heads = _count_heads(folded)
    meaning = (
        "how much each token (row) looks at each (column), by layer and head; rows sum to 1; "
        "token 0 is the class token, the others are the patches, row by row"
    )
    attention = Port("float32", ("N", depth, heads, TOKENS, TOKENS), meaning)
    layers = [f"{ATTENTION}_{i}" for i in range(depth)]
    return fashion.create_graph(WithAttention(folded), checks, layers, {ATTENTION: attention})


def describe(model: nn.Module) -> dict[str, object]:
    """Return the card's details."""
    depth, heads = _count_heads(cast(SmallViT, model))
    sizes = {"patch": PATCH, "stride": STRIDE, "grid": SIDE // STRIDE}
    return {**sizes, "layers": depth, "heads": heads}


def _count_heads(model: SmallViT) -> tuple[int, int]:
    """Return the number of layers and of each layer's heads."""
    return len(model.blocks), cast(Block, model.blocks[0]).attention.heads


VIT = Classifier(
    name="vit.fashion_mnist",
    script="vit",
    title="Small ViT (clothing)",
    family="transformer",
    summary=SUMMARY,
    limits=LIMITS,
    floor=90.0,
    recipe=Recipe(
        steps=7_000, rate=2e-3, weight_decay=0.05, optimizer="adamw", half=False
    ),  # 15 epochs
    tiny=Recipe(steps=3, batch=16, rate=1e-3, optimizer="adamw"),
    create=create_small_vit,
    create_graph=create_graph,
    describe=describe,
)


def write(options: Options) -> None:
    """Train and export."""
    write_classifier(VIT, options)


main = partial(run_script, "vit", __doc__, write)


if __name__ == "__main__":
    sys.exit(main())
