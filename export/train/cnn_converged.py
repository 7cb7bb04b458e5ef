"""Train the runs of ``cnn_sweep``, each to its own convergence, and tell its card.

``python -m export.train.cnn_converged [RUN ...]``: hours on one core, so a run that was interrupted
goes on, one that is finished is not repeated, and after each the card of the sweep is told what is
there. How long a run trains is its own affair (``plateau``), up to a stated maximum. 5,000 of the
60,000 training images judge when to stop; no run learns from them, and the test set decides
nothing. A flaw of the data befalls them as it does the training images; a run on few images still
has all of them, which nobody with few images would.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from models.small_cnn import create_small_cnn

from export.card import CARD_FILE, PREDICT_FILE, Card, decode_card, write_card
from export.datasets.fashion_mnist import Images
from export.train.checkpoint import Checkpoint
from export.train.cnn import wrap
from export.train.cnn_sweep import NAME, Run, list_runs, measure
from export.train.fashion import load_splits
from export.train.images import Recipe
from export.train.loop import TrainState
from export.train.options import Options
from export.train.plateau import Patience, converge, follow
from export.train.record import describe_machine
from export.train.script import run_script

FOLDER = "cnn_converged"  # of the checkpoints
HELD_OUT = 5_000
RECIPE = Recipe(steps=20_000, rate=0.1, augment=False, half=False)
PATIENCE = Patience()
TINY = replace(RECIPE, steps=4, batch=16)
TINY_PATIENCE = Patience(every=2, steps=2, epochs=0, warm=1)
TINY_HELD_OUT = 50

# The sizes first, the widest gaps first: what is there after an interruption spans the whole range.
_SIZES = (100, 10, 1, 0.1, 50, 25, 5, 0.5)
_KINDS = ("size", "augmented", "noise", "cue", "rare")


def order_runs(tiny: bool = False) -> list[Run]:
    """Return the runs of the sweep in the order that they are trained in."""
    return sorted(list_runs(tiny), key=_rank)


def _rank(run: Run) -> tuple[int, int, float]:
    percent = _SIZES.index(run.percent) if run.kind == "size" else run.percent
    return _KINDS.index(run.kind), run.seed, percent


def hold_out(data: Images, count: int, seed: int = 0) -> tuple[Images, Images]:
    """Return the images to learn from and ``count`` to judge by, the same number of each class."""
    rng = np.random.default_rng(seed)
    labels = np.unique(data.labels)
    members = (rng.permutation(np.flatnonzero(data.labels == label)) for label in labels)
    judged = np.sort(np.concatenate([each[: count // len(labels)] for each in members]))
    return data.take(np.setdiff1d(np.arange(len(data)), judged)), data.take(judged)


def train(run: Run, pool: Images, held_out: Images, options: Options) -> tuple[TrainState, int]:
    """Train one run, or go on with it; return it and the number of its training images."""
    recipe = replace(TINY if options.tiny else RECIPE, augment=run.kind == "augmented")
    drawn = run.draw(pool)
    judged = held_out if run.kind in ("size", "augmented") else run.draw(held_out)
    state = converge(
        create_small_cnn,
        drawn,
        judged,
        recipe,
        TINY_PATIENCE if options.tiny else PATIENCE,
        options.seed + run.seed,
        options.open_checkpoint(f"{FOLDER}/{run.name}"),
    )
    return state, len(drawn)


def describe(run: Run, state: TrainState, images: int, found: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the card tells of one run: how it was trained, when it ended, what it does."""
    patience = PATIENCE.count_checks(images, RECIPE.batch)
    checks = [float(figures[-1]) for _, *figures in state.history]
    progress = follow(checks, patience, PATIENCE.cuts)
    return {
        **asdict(run),
        "training_images": images,
        "steps": state.step,
        "best_step": state.history[progress.best][0],
        "has_converged": progress.is_over,
        "seconds": round(state.meter.seconds, 1),
        "core_seconds": round(state.meter.core_seconds, 1),
        "history": [
            [step, *(round(float(figure), 4) for figure in figures)]
            for step, *figures in state.history
        ],
        **found,
    }


def tell_card(path: Path, runs: Mapping[str, Mapping[str, Any]]) -> None:
    """Write the runs that are finished into the card of the sweep, whose other figures stay.

    Raises:
        CardError: the card is damaged, or would be.
        OSError: it cannot be read or written.
    """
    card = decode_card((path / CARD_FILE).read_bytes(), Card)
    told = {
        "command": "python -m export.train.cnn_converged",
        "machine": describe_machine(),
        "planned": [run.name for run in order_runs()],
        "held_out": HELD_OUT,
        "most_steps": RECIPE.steps,
        "rate": RECIPE.rate,
        "batch": RECIPE.batch,
        "patience": asdict(PATIENCE),
        "runs": dict(runs),
    }
    details = {**card.details, "converged": told}
    write_card(replace(card, details=details), path)


def write(options: Options) -> None:
    """Train the runs that are named, unless they are finished, and tell the card after each."""
    splits = load_splits(options.data, options.tiny)
    folder, runs = options.zoo / NAME, order_runs(options.tiny)
    for run in runs:
        if run.name in options.names:
            print(_tell(finish(run, *splits, options)), flush=True)
            finished = {each.name: _open_finished(each, options)[1] for each in runs}
            tell_card(folder, {name: each for name, each in finished.items() if each is not None})


def finish(run: Run, data: Images, test: Images, options: Options) -> dict[str, Any]:
    """Return what the card tells of a run, trained and measured unless it has been."""
    checkpoint, found = _open_finished(run, options)
    if found is None:
        pool, held_out = hold_out(data, TINY_HELD_OUT if options.tiny else HELD_OUT)
        state, images = train(run, pool, held_out, options)
        weights = wrap(state.model).state_dict()
        graph = options.zoo / NAME / PREDICT_FILE
        found = describe(run, state, images, measure(graph, weights, run, test))
        checkpoint.save(found)
    return found


def _open_finished(run: Run, options: Options) -> tuple[Checkpoint, dict[str, Any] | None]:
    checkpoint = options.open_checkpoint(f"{FOLDER}/{run.name}_measured")
    return checkpoint, checkpoint.load({"seed": options.seed, **asdict(RECIPE), **asdict(PATIENCE)})


def _tell(found: Mapping[str, Any]) -> str:
    return (
        f"{found['kind']} {found['percent']:g} seed {found['seed']}: "
        f"{found['training_images']} images, {found['steps']} steps, "
        f"{found['accuracy']['value']:.2f} %, {found['seconds']:.0f} s"
    )


NAMES: Sequence[str] = tuple(run.name for run in order_runs())

main = partial(run_script, "cnn_converged", __doc__, write, names=NAMES)


if __name__ == "__main__":
    sys.exit(main())
