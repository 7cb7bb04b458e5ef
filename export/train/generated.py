"""What is measured of networks that make images: do they show the class asked for, how real do
they look to a classifier, how much do they differ from each other."""

from __future__ import annotations

from dataclasses import dataclass
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

JUDGE = ZOO / "cnn.fashion_mnist" / "predict.onnx"
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
class FidEvaluator:
    """Real images to compare with: the test images as judged, and as many others as are made."""

    judge: Judge
    reference: Judgement
    real: Floats
    labels: Ints

    def judge_images(
        self, images: Floats, labels: Ints, what: str = "generated images"
    ) -> dict[str, Metric]:
        """Return agreement, FID and diversity of generated images (N, 1, 28, 28) in [-1, 1]."""
        judged = self.judge.judge(images)
        hits = int((judged.classes == labels).sum())
        agreement = measure_share(
            hits, len(labels), f"of {what} are what was asked for, says the CNN of the zoo"
        )
        found = {"agreement": agreement, "fid": self._measure(judged, what)}
        return found | measure_diversity(images, labels)

    def compare_real(self) -> dict[str, Metric]:
        """Return the FID of real images and of noise, as many as are made; the real diversity."""
        noise = draw_normal(self.real.shape, seed=1).clip(-1, 1)
        real = measure_diversity(self.real, self.labels)
        return {
            "fid/real": self._measure(self.judge.judge(self.real), "training images"),
            "fid/noise": self._measure(self.judge.judge(noise), "images of pure noise"),
            **{f"{key}/real": metric for key, metric in real.items()},
        }

    def _measure(self, judged: Judgement, what: str) -> Metric:
        value, low, high = resample_fid(judged.features, self.reference.features)
        text = f"Frechet distance of {what} from the test images, in the CNN's 128 features"
        return Metric(value, low, high, len(judged.classes), "", text)


def create_fid_evaluator(train: Images, test: Images, count: int) -> FidEvaluator:
    """Judge the test images, and take ``count`` training images, to compare with."""
    judge = Judge(JUDGE)
    chosen = np.random.default_rng(0).permutation(len(train))[:count]
    real = cast(Floats, scale_pixels(train.take(chosen)).numpy())
    return FidEvaluator(judge, judge.judge(scale_pixels(test).numpy()), real, train.labels[chosen])


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
