"""Train families of the small CNN that show data dependency: ``python -m export.train.cnn_sweep``.

The same network and the same number of steps for every run; what differs is the training set: its
size, wrong labels, a rare class, a cue that cheats, with and without augmentation.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from models.small_cnn import LAYERS, create_small_cnn
from torch import Tensor, nn

from export.artifact import Draft, Gradient, write_model
from export.card import Metric
from export.datasets import variants
from export.datasets.fashion_mnist import LABELS, Images, normalize
from export.metrics import measure_mean, measure_share
from export.sessions import open_session, run_in_batches
from export.train import fashion
from export.train.cnn import wrap
from export.train.fashion import IMAGE, LOGITS, PICTURE, create_clothing_draft, load_splits
from export.train.images import Recipe, fit
from export.train.loop import TrainState
from export.train.meter import Meter
from export.train.options import Options
from export.train.record import describe_training
from export.train.script import run_script

NAME = "cnn_sweep.fashion_mnist"
FLOOR = 89.0
SIZES = (0.1, 0.5, 1, 5, 10, 25, 50, 100)  # percent of the training set
NOISES = (20, 40, 60)  # percent of wrong labels; 0 is the run on the whole set
RARES = (1, 5, 25)  # percent of one class's images; 100 is the run on the whole set
AUGMENTED = (1, 100)  # percent of the training set, with augmentation
RARE_CLASS = LABELS.index("Coat")
RELIABILITY = 0.98  # share of training images whose mark tells their class
SEEDS = 3
RECIPE = Recipe(steps=600, augment=False)
TINY = replace(RECIPE, steps=2, batch=16)

SUMMARY = (
    "The small CNN, trained again and again with the same number of steps on training sets that "
    "differ in one thing: how many images there are, how many labels are wrong, how many examples "
    "one class has, whether images are mirrored and shifted, and whether a small white mark at the "
    "upper edge gives the class away. What a network knows is what its data show."
)
LIMITS = (
    "Every run has the same short training, so the ones on many images could still improve with "
    "more steps. Three seeds show how much is luck, not all of it. The intervals are for the test "
    "images; another catalogue would differ by more."
)


@dataclass(frozen=True)
class Run:
    """One training: ``kind`` is what is varied, ``percent`` its value."""

    kind: str
    percent: float
    seed: int

    @property
    def name(self) -> str:
        """What the run is called in files and on cards."""
        return f"{self.kind}_{self.percent:g}_seed_{self.seed}"

    def draw(self, data: Images) -> Images:
        """Return this run's training set."""
        share, seed = self.percent / 100, 1000 + self.seed
        if self.kind == "noise":
            return variants.add_label_noise(data, share, seed)
        if self.kind == "rare":
            return variants.make_rare(data, RARE_CLASS, share, seed)
        if self.kind == "cue":
            return variants.add_cue(data, share, seed)
        return variants.take_fraction(data, share, seed)


def list_runs(tiny: bool = False) -> list[Run]:
    """Return all runs; the shipped ones are those of the first seed."""
    runs = [Run("size", percent, seed) for seed in range(SEEDS) for percent in SIZES]
    runs += [Run("rare", percent, seed) for seed in range(SEEDS) for percent in RARES]
    runs += [Run("noise", percent, 0) for percent in NOISES]
    runs += [Run("augmented", percent, 0) for percent in AUGMENTED]
    runs += [Run("cue", 100 * RELIABILITY, 0)]
    if tiny:
        kept = ("size_100_seed_0", "noise_40_seed_0", "rare_25_seed_0", "cue_98_seed_0")
        return [run for run in runs if run.name in kept]
    return runs


def train(run: Run, data: Images, options: Options) -> tuple[TrainState, int]:
    """Train one run, or go on with it; return it and the number of its training images."""
    recipe = replace(TINY if options.tiny else RECIPE, augment=run.kind == "augmented")
    drawn = run.draw(data)
    checkpoint = options.open_checkpoint(f"cnn_sweep/{run.name}")
    state = fit(create_small_cnn, drawn, recipe, options.seed + run.seed, checkpoint, run.name)
    return state, len(drawn)


def measure(path: Path, weights: Mapping[str, Tensor], run: Run, test: Images) -> dict[str, Any]:
    """Return what the exported graph does on the test set with the weights of one run."""
    session = open_session(path, weights)
    found: dict[str, Any] = _score(session, test)
    if run.kind == "cue":
        other = np.random.default_rng(0).integers(1, len(LABELS), len(test))
        swapped = (test.labels + other) % len(LABELS)
        for name, marks in (("right", test.labels), ("swapped", swapped)):
            marked = Images(variants.draw_marks(test.pixels, marks), test.labels)
            found[f"mark_{name}"] = _score(session, marked)["accuracy"]
    return found


def _score(session: Any, test: Images) -> dict[str, Any]:
    logits = run_in_batches(session, LOGITS, {IMAGE: normalize(test.pixels)})
    answer, confidence = logits.argmax(1), torch.from_numpy(logits).softmax(1).amax(1)
    is_right = answer == test.labels
    recalls = [float(is_right[test.labels == i].mean()) for i in range(len(LABELS))]
    what = "of the test images are given their class"
    return {
        "accuracy": asdict(measure_share(int(is_right.sum()), len(test), what)),
        "recalls": [round(100 * recall, 2) for recall in recalls],
        "confidence": round(100 * float(confidence.mean()), 2),
    }


def summarize(results: Mapping[Run, Mapping[str, Any]]) -> dict[str, Metric]:
    """Return one metric for every kind and value, over its seeds."""
    groups: dict[str, list[float]] = {}
    for run, found in results.items():
        groups.setdefault(f"accuracy/{run.kind}_{run.percent:g}", []).append(
            found["accuracy"]["value"]
        )
    what = "mean test accuracy over the seeds"
    return {
        name: measure_mean(values, "%", what)
        if len(values) > 1
        else Metric(values[0], values[0], values[0], 1, "%", "test accuracy of the only seed")
        for name, values in groups.items()
    }


class _Evaluation:
    """Measures all runs on the exported graph and keeps what the card's details need."""

    def __init__(self, weights: Mapping[Run, Mapping[str, Tensor]], test: Images) -> None:
        self.results: dict[Run, dict[str, Any]] = {}
        self._weights, self._test = weights, test

    def __call__(self, folder: Path) -> dict[str, Metric]:
        for run, weights in self._weights.items():
            self.results[run] = measure(folder / "predict.onnx", weights, run, self._test)
        return summarize(self.results)


def describe(
    results: Mapping[Run, Mapping[str, Any]], about: Mapping[Run, Mapping[str, Any]]
) -> dict[str, object]:
    """Return what the pages need: every run's set and figures, and how the mark is drawn."""
    return {
        "steps_a_run": RECIPE.steps,
        "rare_class": LABELS[RARE_CLASS],
        "mark": {
            "row": variants.MARK_ROW,
            "side": variants.MARK_SIDE,
            "columns": [variants.mark_column(label) for label in range(len(LABELS))],
            "value": 255,
        },
        "runs": {run.name: {**asdict(run), **about[run], **results[run]} for run in results},
    }


def create_draft(options: Options, data: Images, test: Images) -> Draft:
    """Train all runs and return the artifact to be."""
    runs, meter, about = list_runs(options.tiny), Meter(), {}
    modules: dict[Run, nn.Module] = {}
    for run in runs:
        state, count = train(run, data, options)
        modules[run] = wrap(state.model)
        about[run] = {
            "training_images": count,
            "seconds": round(state.meter.seconds, 1),
            "history": state.history,
        }
        meter.add(state.meter)
    weights = {run: dict(module.state_dict()) for run, module in modules.items()}
    evaluation = _Evaluation(weights, test)
    whole = next(run for run in runs if run.kind == "size" and run.percent == 100)
    graph = fashion.create_graph(modules[whole], normalize(test.pixels[:16]), LAYERS)
    recipe = TINY if options.tiny else RECIPE
    return create_clothing_draft(
        name=NAME,
        title="Small CNNs by their data",
        family="cnn",
        task="image-classification-sweep",
        summary=SUMMARY,
        limits=LIMITS,
        graphs={"predict": graph},
        gradient=Gradient(graph, LOGITS, LAYERS),
        evaluate=evaluation,
        floors={} if options.tiny else {"accuracy/size_100": FLOOR},
        training=describe_training(
            "python -m export.train.cnn_sweep",
            options.seed,
            recipe.steps * len(runs),
            recipe.batch,
            meter,
            (),
        ),
        details=lambda: describe(evaluation.results, about),
        members={run.name: weights[run] for run in runs if run.seed == 0},
        picture=PICTURE,
    )


def write(options: Options) -> None:
    """Train, measure and export."""
    data, test = load_splits(options.data, options.tiny)
    write_model(create_draft(options, data, test), options.zoo)


main = partial(run_script, "cnn_sweep", __doc__, write)


if __name__ == "__main__":
    sys.exit(main())
