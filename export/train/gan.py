"""Train a GAN on Fashion-MNIST, and make it collapse: ``python -m export.train.gan``.

Three artifacts: the generator and the discriminator, each with its weights at moments along the
training, and a generator that has collapsed.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace

import torch

from export.artifact import FloorError, write_model
from export.datasets import DatasetError
from export.datasets.fashion_mnist import Images
from export.parity import ParityError
from export.train.checkpoint import Checkpoint
from export.train.gan_drafts import (
    COLLAPSED,
    GENERATOR,
    create_discriminator_draft,
    create_generator_draft,
)
from export.train.gan_fit import Fitted, Recipe, fit
from export.train.generated import COUNT, create_fid_evaluator, load_splits
from export.train.options import Options, parse_options

RECIPE = Recipe(steps=7_500, moments=(100, 300, 600, 1200, 2500, 5000, 7500))
# The same pair goes on, but the generator learns five times faster, the discriminator four times
# slower: all pictures run to whatever it lets pass just now, faster than it can object.
COLLAPSE = Recipe(
    steps=150,
    moments=(25, 50, 100, 150),
    generator_rate=1e-3,
    discriminator_rate=1e-4,
    average_from=150,  # never: an average would hide what happens
)
TINY = Recipe(steps=4, moments=(2, 4), batch=8)
TINY_COLLAPSE = replace(COLLAPSE, steps=4, moments=(2, 4), batch=8)


def train(options: Options, recipe: Recipe, data: Images) -> Fitted:
    """Train, or go on training, both players."""
    return fit(data, recipe, options.seed, _get_checkpoint(options, "gan"), "GAN")


def train_collapse(options: Options, recipe: Recipe, data: Images) -> Fitted:
    """Let the trained players meet again under a recipe that makes the generator collapse."""
    begin = torch.load(_get_checkpoint(options, "gan").path, weights_only=True)
    checkpoint = _get_checkpoint(options, "gan_collapse")
    return fit(data, recipe, options.seed, checkpoint, "collapse", begin)


def _get_checkpoint(options: Options, name: str) -> Checkpoint:
    return Checkpoint(options.checkpoints / f"{name}.fashion_mnist.pt")


def main(arguments: Sequence[str] | None = None) -> int:
    """Train and export; return the exit status."""
    options = parse_options("gan", __doc__, arguments)
    try:
        data, test = load_splits(options.data, options.tiny)
        evaluator = create_fid_evaluator(data, test, 100 if options.tiny else COUNT)
        recipe, collapse = (TINY, TINY_COLLAPSE) if options.tiny else (RECIPE, COLLAPSE)
        fitted = train(options, recipe, data)
        draft = create_generator_draft(options, recipe, fitted, evaluator, GENERATOR)
        write_model(draft, options.zoo)
        write_model(create_discriminator_draft(options, recipe, fitted, test), options.zoo)
        fitted = train_collapse(options, collapse, data)
        draft = create_generator_draft(options, collapse, fitted, evaluator, COLLAPSED)
        write_model(draft, options.zoo)
    except (DatasetError, FloorError, ParityError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
