"""The GAN's artifacts: both graphs, what is measured of them, what their cards say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from models.discriminator import LAYERS, Discriminator
from models.discriminator import fold_norms as fold_discriminator
from models.generator import LATENT, Generator
from models.generator import fold_norms as fold_generator
from numpy.typing import NDArray
from torch import Tensor, nn

from export.arrays import Floats
from export.artifact import Draft, Gradient
from export.card import Metric, Port
from export.datasets.fashion_mnist import LABELS, Images
from export.graphs import Graph
from export.metrics import measure_share
from export.sessions import open_session, run_in_batches
from export.train import gan_texts as texts
from export.train.fashion import create_clothing_draft
from export.train.gan_fit import FIGURES, Recipe
from export.train.generated import (
    COUNT,
    PIXELS,
    FidEvaluator,
    Ints,
    create_labels,
    divide_by_judge,
    draw_normal,
    scale_pixels,
    tabulate,
)
from export.train.loop import TrainState
from export.train.options import Options
from export.train.record import describe_run

GENERATOR, DISCRIMINATOR = "generator.fashion_mnist", "discriminator.fashion_mnist"
COLLAPSED = "generator_collapsed.fashion_mnist"
FLOORS = {"agreement": 85.0, "noise_ratio": 10.0}
_COMMAND = "python -m export.train.gan"
_NAMES = ", ".join(f"{index} {label}" for index, label in enumerate(LABELS))
LABEL_PORT = Port("int64", ("N",), f"the class: {_NAMES}")


class WithLayers(nn.Module):
    """Score and the activations after each stage, so that the graph keeps their names."""

    def __init__(self, model: Discriminator) -> None:
        super().__init__()
        self.model = model

    def forward(self, image: Tensor, label: Tensor) -> tuple[Tensor, ...]:
        """Return scores (N, 1), then early, middle and late."""
        layers = self.model.compute_layers(image)
        return self.model.judge(layers["late"], label), *(layers[name] for name in LAYERS)


def generate(
    path: Path, count: int, seed: int = 0, weights: Mapping[str, Tensor] | None = None
) -> tuple[Floats, Ints]:
    """Return images (count, 1, 28, 28) of an exported generator, and the labels asked for."""
    labels = create_labels(count)
    feed: dict[str, NDArray[Any]] = {"latent": draw_normal((count, LATENT), seed), "label": labels}
    return run_in_batches(open_session(path, weights), "image", feed), labels


def judge(path: Path, images: Floats, labels: Ints) -> Floats:
    """Return the scores (N, 1) of an exported discriminator."""
    return run_in_batches(open_session(path), "score", {"image": images, "label": labels})


def create_generator_graph(model: Generator) -> Graph:
    """Return the graph of a trained generator."""
    return Graph(
        fold_generator(model),
        (torch.zeros(2, LATENT), torch.zeros(2, dtype=torch.int64)),
        {
            "latent": Port("float32", ("N", LATENT), "standard normal numbers"),
            "label": LABEL_PORT,
        },
        {"image": Port("float32", ("N", 1, 28, 28), PIXELS)},
        checks=(draw_normal((16, LATENT), 2), create_labels(16)),
    )


@dataclass
class GeneratorMeasure:
    """Measures an exported generator, and keeps what its ``members``, by name, gave."""

    evaluator: FidEvaluator
    members: Mapping[str, Mapping[str, Tensor]]
    moments: dict[str, dict[str, object]] = field(default_factory=dict)

    def measure(self, folder: Path) -> dict[str, Metric]:
        """Return the metrics of the graph itself; fill ``moments`` with those of its members."""
        path, count = folder / "predict.onnx", len(self.evaluator.real)
        for moment, weights in self.members.items():
            images = generate(path, count // 2, 0, weights)
            self.moments[moment] = tabulate(self.evaluator.judge_images(*images))
        found = self.evaluator.judge_images(*generate(path, count)) | self.evaluator.compare_real()
        return found | divide_by_judge(found, "fid/noise", "fid", "noise_ratio", texts.NOISE_RATIO)


def create_generator_draft(
    options: Options, recipe: Recipe, state: TrainState, evaluator: FidEvaluator, name: str
) -> Draft:
    """Return the artifact of the trained or of the collapsed generator."""
    measured = GeneratorMeasure(evaluator, state.moments["generator"])
    return create_clothing_draft(
        name=name,
        title=texts.TITLES[name],
        family="gan",
        task="image-generation",
        summary=texts.SUMMARIES[name],
        limits=texts.LIMITS[name],
        graphs={"predict": create_generator_graph(state.model)},
        evaluate=measured.measure,
        floors={} if options.tiny or name == COLLAPSED else FLOORS,
        training=describe_run(_COMMAND, options.seed, recipe, state),
        details=lambda: {**_describe(state, recipe), "moments": measured.moments},
        members=state.moments["generator"],
    )


def create_discriminator_draft(
    options: Options, recipe: Recipe, state: TrainState, test: Images
) -> Draft:
    """Return the artifact of the trained discriminator; the generator's is in the zoo by now."""
    chosen = test.take(np.arange(min(len(test), COUNT)))
    real = scale_pixels(chosen).numpy()
    graph = Graph(
        WithLayers(fold_discriminator(cast(Discriminator, state.networks["discriminator"]))),
        (torch.zeros(2, 1, 28, 28), torch.zeros(2, dtype=torch.int64)),
        {"image": Port("float32", ("N", 1, 28, 28), PIXELS), "label": LABEL_PORT},
        {"score": Port("float32", ("N", 1), "above 0: real; below: forged")},
        LAYERS,
        (real[:16], chosen.labels[:16]),
    )

    def evaluate(folder: Path) -> dict[str, Metric]:
        path = folder / "predict.onnx"
        fake, asked = generate(options.zoo / GENERATOR / "predict.onnx", len(chosen), seed=3)
        on_real, on_fake = judge(path, real, chosen.labels), judge(path, fake, asked)
        return {
            "real_right": measure_share(int((on_real > 0).sum()), len(real), texts.REAL_RIGHT),
            "fake_right": measure_share(int((on_fake < 0).sum()), len(fake), texts.FAKE_RIGHT),
        }

    members = {
        name: {f"model.{key}": value for key, value in weights.items()}
        for name, weights in state.moments["discriminator"].items()
    }
    return create_clothing_draft(
        name=DISCRIMINATOR,
        title=texts.TITLES[DISCRIMINATOR],
        family="gan",
        task="discrimination",
        summary=texts.SUMMARIES[DISCRIMINATOR],
        limits=texts.LIMITS[DISCRIMINATOR],
        graphs={"predict": graph},
        gradient=Gradient(graph, "score", LAYERS),
        evaluate=evaluate,
        training=describe_run(_COMMAND, options.seed, recipe, state),
        details=_describe(state, recipe),
        members=members,
    )


def _describe(state: TrainState, recipe: Recipe) -> dict[str, object]:
    """Return what the pages need: the recipe, and the contest round by round."""
    rounds = [
        {"step": step} | dict(zip(FIGURES, (round(each, 4) for each in figures), strict=True))
        for step, *figures in state.history
    ]
    return {"recipe": asdict(recipe), "latent": LATENT, "range": [-1, 1], "contest": rounds}
