"""What is measured of networks that make images: do they show the class asked for, how real do
they look to a classifier, how much do they differ from each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray

from export.arrays import Floats
from export.artifact import ZOO
from export.card import Metric
from export.datasets.fashion_mnist import LABELS, Images
from export.fid import Judge, Judgement, resample_fid
from export.metrics import measure_mean, measure_share

# Whoever is one judge of a picture cannot tell where that judge is wrong, so there are two, of
# different families; the second's figures carry its name.
JUDGES = {
    "": ("CNN", ZOO / "cnn.fashion_mnist" / "predict.onnx"),
    "/vit": ("ViT", ZOO / "vit.fashion_mnist" / "predict.onnx"),
}
COUNT = 2000  # images to a measurement, 200 of each class
CLASS_COUNT = len(LABELS)
# Root mean square of the difference, in units of the pixel range: closer ones look the same.
TWIN = 0.05
PIXELS = "grey image in [-1, 1]: pixel / 127.5 - 1"

Ints = NDArray[np.int64]


def scale_pixels(data: Images) -> torch.Tensor:
    """Return all images (N, 1, 28, 28) in [-1, 1]."""
    return (torch.tensor(data.pixels).float() / 127.5 - 1)[:, None]


def create_labels(count: int) -> Ints:
    """Return ``count`` labels, every class as often as the others."""
    return np.arange(count, dtype=np.int64) % CLASS_COUNT


def draw_normal(shape: tuple[int, ...], seed: int) -> Floats:
    """Return standard normal numbers: latents, or the noise that diffusion starts from."""
    return np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)


@dataclass(frozen=True)
class Referee:
    """A classifier that judges: ``reference`` is what it says of the test images.

    ``name`` is the reader's word for it, ``suffix`` ends the names of its figures; ``real`` says
    how often it gives the test images their class.
    """

    name: str
    suffix: str
    judge: Judge
    reference: Judgement
    real: Metric

    def judge_images(self, images: Floats, labels: Ints, what: str) -> dict[str, Metric]:
        """Return agreement and FID of images (N, 1, 28, 28) in [-1, 1]."""
        judged = self.judge.judge(images)
        hits = int((judged.classes == labels).sum())
        text = f"of {what} are what was asked for, says the {self.name} of the zoo"
        return {
            f"agreement{self.suffix}": measure_share(hits, len(labels), text),
            f"fid{self.suffix}": self._measure(judged, what),
        }

    def compare(self, images: Floats, what: str) -> Metric:
        """Return the FID of images."""
        return self._measure(self.judge.judge(images), what)

    def _measure(self, judged: Judgement, what: str) -> Metric:
        value, low, high = resample_fid(judged.features, self.reference.features)
        count = judged.features.shape[1]
        text = (
            f"Frechet distance of {what} from the test images, in the {self.name}'s "
            f"{count} features"
        )
        return Metric(value, low, high, len(judged.classes), "", text)


@dataclass(frozen=True)
class FidEvaluator:
    """Two judges, and as many real images (N, 1, 28, 28) as are made, to compare with."""

    referees: tuple[Referee, ...]
    real: Floats
    labels: Ints

    def judge_images(
        self, images: Floats, labels: Ints, what: str = "generated images"
    ) -> dict[str, Metric]:
        """Return agreement, FID and diversity of generated images (N, 1, 28, 28) in [-1, 1]."""
        found: dict[str, Metric] = {}
        for each in self.referees:
            found |= each.judge_images(images, labels, what)
        return found | measure_diversity(images, labels)

    def compare_real(self) -> dict[str, Metric]:
        """Return the FID of real images and of noise, as many as are made; the real diversity."""
        noise = draw_normal(self.real.shape, seed=1).clip(-1, 1)
        found: dict[str, Metric] = {}
        for each in self.referees:
            found[f"agreement/real{each.suffix}"] = each.real
            found[f"fid/real{each.suffix}"] = each.compare(self.real, "training images")
            found[f"fid/noise{each.suffix}"] = each.compare(noise, "images of pure noise")
        real = measure_diversity(self.real, self.labels)
        return found | {f"{key}/real": metric for key, metric in real.items()}


def create_fid_evaluator(train: Images, test: Images, count: int) -> FidEvaluator:
    """Have the test images judged, and take ``count`` training images, to compare with."""
    chosen = np.random.default_rng(0).permutation(len(train))[:count]
    real = cast(Floats, scale_pixels(train.take(chosen)).numpy())
    referees = tuple(
        create_referee(name, suffix, path, test) for suffix, (name, path) in JUDGES.items()
    )
    return FidEvaluator(referees, real, train.labels[chosen])


def create_referee(name: str, suffix: str, path: Path, test: Images) -> Referee:
    """Return a judge that has seen the test images."""
    judge = Judge(path)
    reference = judge.judge(scale_pixels(test).numpy())
    hits = int((reference.classes == test.labels).sum())
    real = measure_share(
        hits, len(test), f"of the test images are given their class by the {name} of the zoo"
    )
    return Referee(name, suffix, judge, reference, real)


def divide_by_judge(
    found: Mapping[str, Metric], top: str, bottom: str, ratio: str, what: str
) -> dict[str, Metric]:
    """Return how many times one FID is the other, for each judge that gave both."""
    return {
        f"{ratio}{suffix}": divide_fids(found[top + suffix], found[bottom + suffix], what)
        for suffix in JUDGES
        if top + suffix in found
    }


def tabulate(found: Mapping[str, Metric]) -> dict[str, object]:
    """Return rounded figures as a row of the card's details, and of how many images they are."""
    row = {key.replace("/", "_"): round(each.value, 4) for key, each in found.items()}
    return {"n": found["fid"].n, **row}


def divide_fids(top: Metric, bottom: Metric, what: str) -> Metric:
    """Return how many times one FID is the other, its interval from the two intervals."""
    low, high = top.low / max(bottom.high, 1e-9), top.high / max(bottom.low, 1e-9)
    return Metric(top.value / max(bottom.value, 1e-9), low, high, bottom.n, "x", what)


def measure_diversity(images: Floats, labels: Ints) -> dict[str, Metric]:
    """Return how far two images of a class are apart, and how many have no twin before them."""
    flat = images.reshape(len(images), -1) / 2  # the range of the pixels becomes 1
    apart: list[float] = []
    distinct = 0
    for label in range(CLASS_COUNT):
        members = flat[labels == label]
        apart.append(float(np.sqrt(2 * members.var(0, ddof=1).mean())))
        distinct += count_distinct(members)
    return {
        "spread": measure_mean(
            apart, "", "root mean square difference of two images of a class; pixels from 0 to 1"
        ),
        "distinct": measure_share(
            distinct, len(flat), f"of the images differ from all before by {TWIN} or more"
        ),
    }


def count_distinct(members: Floats) -> int:
    """Return how many of the images (N, pixels) differ visibly from all that were counted."""
    kept: list[Floats] = []
    for image in members:
        if not kept or ((np.stack(kept) - image) ** 2).mean(1).min() >= TWIN**2:
            kept.append(image)
    return len(kept)
