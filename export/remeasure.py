"""Measure the zoo's generators again, without training: ``python -m export.remeasure [NAME ...]``.

The training writes a card's figures when it ends. Where a figure is added or mended later, this
command asks the committed graphs, by the same functions, with the same noise and as many images,
and writes the card's metrics and tables; nothing else of the card, and no other file, changes.
Needs Fashion-MNIST. The denoiser takes minutes.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from export.artifact import ZOO
from export.card import CARD_FILE, Metric, ModelCard, decode_card, write_card
from export.train import diffusion, gan_drafts
from export.train.fashion import load_splits
from export.train.generated import COUNT, FidEvaluator, create_fid_evaluator

Measured = tuple[Mapping[str, Metric], Mapping[str, object]]
"""The metrics, and those of the card's details that are measured."""


def measure_generator(folder: Path, card: ModelCard, evaluator: FidEvaluator) -> Measured:
    """Return what is measured of a GAN's generator and its members."""
    members = {}
    for name, file in card.members.items():
        with np.load(folder / file) as arrays:
            members[name] = {key: torch.from_numpy(value) for key, value in arrays.items()}
    measure = gan_drafts.GeneratorMeasure(evaluator, members)
    return measure.measure(folder), {"moments": measure.moments}


def measure_denoiser(folder: Path, card: ModelCard, evaluator: FidEvaluator) -> Measured:
    """Return what is measured of the diffusion model in its settings."""
    del card
    evaluation = diffusion.Evaluation(evaluator, ZOO / diffusion.RIVAL, [])
    return evaluation.measure(folder), {"settings": evaluation.table}


# In this order: the denoiser's card quotes the generator's.
MEASURES: Mapping[str, Callable[[Path, ModelCard, FidEvaluator], Measured]] = {
    gan_drafts.GENERATOR: measure_generator,
    gan_drafts.COLLAPSED: measure_generator,
    diffusion.NAME: measure_denoiser,
}


def update(card: ModelCard, measured: Measured) -> ModelCard:
    """Return the card with other metrics, and other tables in its details.

    Raises:
        ValueError: a metric is now below its floor.
    """
    metrics, details = measured
    for name, floor in card.floors.items():
        if not metrics[name].value >= floor:
            raise ValueError(f"{card.name}: {name} is {metrics[name].value:.2f}, below {floor:g}")
    return replace(card, metrics=dict(metrics), details={**card.details, **details})


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and write the cards."""
    parser = argparse.ArgumentParser(prog="python -m export.remeasure", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*MEASURES, []], default=[], metavar="NAME")
    options = parser.parse_args(arguments)
    evaluator = create_fid_evaluator(*load_splits(None, is_tiny=False), COUNT)
    for name, measure in MEASURES.items():
        if name in options.names or not options.names:
            folder = ZOO / name
            card = decode_card((folder / CARD_FILE).read_bytes(), ModelCard)
            card = update(card, measure(folder, card, evaluator))
            write_card(card, folder)
            for key, metric in card.metrics.items():
                print(f"{name} {key}: {metric.value:.2f} ({metric.low:.2f} to {metric.high:.2f})")


if __name__ == "__main__":
    main()
