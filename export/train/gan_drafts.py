"""The GAN's artifacts: both graphs, what is measured of them, what their cards say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from models import discriminator, generator
from models.discriminator import LAYERS, Discriminator
from models.generator import LATENT, Generator
from torch import Tensor, nn

from export.arrays import Floats
from export.artifact import Draft, Gradient, Training, describe_training, open_session
from export.datasets.fashion_mnist import LABELS, Images
from export.graphs import Graph, Port
from export.metrics import Metric, measure_share
from export.train import gan_texts as texts
from export.train.fashion import SOURCE
from export.train.gan_fit import Fitted, Recipe
from export.train.generated import (
    COUNT,
    PIXELS,
    FidEvaluator,
    Ints,
    create_labels,
    divide_fids,
    draw_normal,
    measure_diversity,
    scale_pixels,
)
from export.train.options import Options

GENERATOR, DISCRIMINATOR = "generator.fashion_mnist", "discriminator.fashion_mnist"
COLLAPSED = "generator_collapsed.fashion_mnist"
FLOORS = {"agreement": 85.0, "noise_ratio": 10.0}
LICENCE = "Apache-2.0 (weights), MIT (data)"
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
    session, labels = open_session(path, weights), create_labels(count)
    latents = draw_normal((count, LATENT), seed)
    parts = [
        session.run(["image"], {"latent": latents[i : i + 250], "label": labels[i : i + 250]})[0]
        for i in range(0, count, 250)
    ]
    return np.concatenate(parts), labels


def judge(path: Path, images: Floats, labels: Ints) -> Floats:
    """Return the scores (N, 1) of an exported discriminator."""
    session = open_session(path)
    parts = [
        session.run(["score"], {"image": images[i : i + 250], "label": labels[i : i + 250]})[0]
        for i in range(0, len(images), 250)
    ]
    return np.concatenate(parts)


def create_generator_graph(model: Generator) -> Graph:
    """Return the graph of a trained generator."""
    return Graph(
        generator.fold_norms(model),
        (torch.zeros(2, LATENT), torch.zeros(2, dtype=torch.int64)),
        {
            "latent": Port("float32", ("N", LATENT), "standard normal numbers"),
            "label": LABEL_PORT,
        },
        {"image": Port("float32", ("N", 1, 28, 28), PIXELS)},
        checks=(draw_normal((16, LATENT), 2), create_labels(16)),
    )


def create_generator_draft(
    options: Options, recipe: Recipe, fitted: Fitted, evaluator: FidEvaluator, name: str
) -> Draft:
    """Return the artifact of the trained or of the collapsed generator."""
    seen: dict[str, dict[str, Metric]] = {}

    def evaluate(folder: Path) -> dict[str, Metric]:
        path, count = folder / "predict.onnx", len(evaluator.real)
        for moment, weights in fitted.generators.items():
            seen[moment] = _measure(*generate(path, count // 2, 0, weights), evaluator)
        found = _measure(*generate(path, count), evaluator) | evaluator.compare_real()
        found["noise_ratio"] = divide_fids(found["fid/noise"], found["fid"], texts.NOISE_RATIO)
        real = measure_diversity(evaluator.real, evaluator.labels)
        return found | {f"{key}/real": metric for key, metric in real.items()}

    return Draft(
        name=name,
        title=texts.TITLES[name],
        family="gan",
        task="image-generation",
        summary=texts.SUMMARIES[name],
        limits=texts.LIMITS[name],
        graphs={"predict": create_generator_graph(fitted.generator)},
        gradient=None,
        evaluate=evaluate,
        floors={} if options.tiny or name == COLLAPSED else FLOORS,
        training=_describe_training(options, fitted, recipe),
        source=SOURCE,
        licence=LICENCE,
        labels=LABELS,
        details=lambda: {**_describe(fitted, recipe), "moments": _tabulate(seen)},
        members=fitted.generators,
    )


def create_discriminator_draft(
    options: Options, recipe: Recipe, fitted: Fitted, test: Images
) -> Draft:
    """Return the artifact of the trained discriminator; the generator's is in the zoo by now."""
    chosen = test.take(np.arange(min(len(test), COUNT)))
    real = scale_pixels(chosen).numpy()
    graph = Graph(
        WithLayers(discriminator.fold_norms(fitted.discriminator)),
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
        for name, weights in fitted.discriminators.items()
    }
    return Draft(
        name=DISCRIMINATOR,
        title=texts.TITLES[DISCRIMINATOR],
        family="gan",
        task="discrimination",
        summary=texts.SUMMARIES[DISCRIMINATOR],
        limits=texts.LIMITS[DISCRIMINATOR],
        graphs={"predict": graph},
        gradient=Gradient(graph, "score", LAYERS),
        evaluate=evaluate,
        floors={},
        training=_describe_training(options, fitted, recipe),
        source=SOURCE,
        licence=LICENCE,
        labels=LABELS,
        details=_describe(fitted, recipe),
        members=members,
    )


def _measure(images: Floats, labels: Ints, evaluator: FidEvaluator) -> dict[str, Metric]:
    found = evaluator.judge_images(images, labels, "generated images")
    return found | measure_diversity(images, labels)


def _tabulate(seen: Mapping[str, Mapping[str, Metric]]) -> dict[str, dict[str, object]]:
    return {
        moment: {**{key: round(each.value, 4) for key, each in found.items()}, "n": found["fid"].n}
        for moment, found in seen.items()
    }


def _describe_training(options: Options, fitted: Fitted, recipe: Recipe) -> Training:
    history = [(each.step, each.discriminator_loss) for each in fitted.rounds]
    return describe_training(
        "python -m export.train.gan",
        options.seed,
        recipe.steps,
        recipe.batch,
        fitted.meter,
        history,
    )


def _describe(fitted: Fitted, recipe: Recipe) -> dict[str, object]:
    """Return what the pages need: the recipe, and the contest round by round."""
    rounds = [
        {key: round(value, 4) for key, value in asdict(each).items()} for each in fitted.rounds
    ]
    return {"recipe": asdict(recipe), "latent": LATENT, "range": [-1, 1], "contest": rounds}
