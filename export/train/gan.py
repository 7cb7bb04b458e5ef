"""Train a GAN on Fashion-MNIST, and make it collapse: ``python -m export.train.gan``.

Three artifacts: the generator and the discriminator, each with its weights at moments along the
training, and a generator that has collapsed.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from functools import partial

from export.artifact import write_model
from export.train.fashion import load_splits
from export.train.gan_drafts import (
    COLLAPSED,
    GENERATOR,
    create_discriminator_draft,
    create_generator_draft,
)
from export.train.gan_fit import Recipe, fit
from export.train.generated import COUNT, create_fid_evaluator
from export.train.options import Options
from export.train.script import run_script

RECIPE = Recipe(steps=7_500, moments=(100, 300, 600, 1200, 2500, 5000, 7500))
# The same players go on, but the generator learns five times faster and the discriminator four
# times slower: all images run to whatever it lets pass just now, faster than it can object.
COLLAPSE = Recipe(
    steps=150,
    moments=(25, 50, 100, 150),
    generator_rate=1e-3,
    discriminator_rate=1e-4,
    average_from=150,  # never: an average would hide what happens
)
TINY = Recipe(steps=4, moments=(2, 4), batch=8)
TINY_COLLAPSE = replace(COLLAPSE, steps=4, moments=(2, 4), batch=8)


def write(options: Options) -> None:
    """Train and export."""
    data, test = load_splits(options.data, options.tiny)
    evaluator = create_fid_evaluator(data, test, 100 if options.tiny else COUNT)
    recipe, collapse = (TINY, TINY_COLLAPSE) if options.tiny else (RECIPE, COLLAPSE)
    state = fit(data, recipe, options.seed, options.open_checkpoint("gan.fashion_mnist"), "GAN")
    draft = create_generator_draft(options, recipe, state, evaluator, GENERATOR)
    write_model(draft, options.zoo)
    write_model(create_discriminator_draft(options, recipe, state, test), options.zoo)
    checkpoint = options.open_checkpoint("gan_collapse.fashion_mnist")
    state = fit(data, collapse, options.seed, checkpoint, "collapse", state)
    draft = create_generator_draft(options, collapse, state, evaluator, COLLAPSED)
    write_model(draft, options.zoo)


main = partial(run_script, "gan", __doc__, write)


if __name__ == "__main__":
    sys.exit(main())
