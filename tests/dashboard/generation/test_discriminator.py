"""Maps of the discriminator's verdict: of a linear one, and of the committed one."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from dashboard.cache import ZOO
from dashboard.generation.discriminator import (
    FRACTIONS,
    GRADIENT,
    INTEGRATED,
    OCCLUSION,
    TRIVIAL,
    blur,
    judge,
    measure_deletion,
)
from dashboard.generation.replay import score
from dashboard.inference.gradients import GradientGraph
from dashboard.inference.graphs import OnnxGraph

WEIGHTS = np.zeros((28, 28), np.float32)
WEIGHTS[10:14, 10:14] = 1.0


class Linear:
    """Scores a picture by WEIGHTS; its gradient is WEIGHTS everywhere."""

    def run(self, feed: Mapping[str, Any], outputs: Any = (), versus: Any = None) -> Any:
        images = feed["image"][:, 0]
        scores = (images * WEIGHTS).sum(axis=(1, 2)) + 0.5
        if isinstance(outputs, Sequence):
            return {"score": scores[:, None]}
        return scores, np.broadcast_to(WEIGHTS, images.shape)[:, None]


def test_the_maps_of_a_linear_discriminator_are_known() -> None:
    image = np.random.default_rng(0).uniform(-1, 1, (28, 28)).astype(np.float32)
    model: Any = Linear()
    found = judge(model, model, image, 3)
    sign = 1 if found.says_real else -1
    known = sign * WEIGHTS * (image - blur(image))
    assert np.allclose(found.maps[GRADIENT], known, atol=1e-5)
    assert np.allclose(found.maps[INTEGRATED], known, atol=1e-5)
    assert np.abs(found.maps[OCCLUSION][20:]).max() < 1e-5  # far from what counts
    deletion = measure_deletion(model, image, 3, found)
    assert deletion.compute_fall(INTEGRATED) > deletion.lucky
    assert set(deletion.scores) == set(found.maps) and len(deletion.scores[GRADIENT]) == len(
        FRACTIONS
    )


def test_the_committed_discriminators_maps_are_complete() -> None:
    folder = ZOO / "discriminator.fashion_mnist"
    discriminator, gradients = OnnxGraph(folder, "predict.onnx"), GradientGraph(folder)
    with np.load(ZOO / "samples" / "fashion_mnist.npz") as arrays:
        image = (arrays["pixels"][5] / 127.5 - 1).astype(np.float32)
        label = int(arrays["labels"][5])
    found = judge(discriminator, gradients, image, label)
    labels = np.array([label, label])
    ends = score(discriminator, np.stack([image, blur(image)]), labels)
    assert found.score == pytest.approx(ends[0], abs=1e-4)
    assert found.maps[INTEGRATED].sum() == pytest.approx(
        np.sign(ends[0]) * (ends[0] - ends[1]), rel=0.05, abs=0.02
    )
    assert set(TRIVIAL) < set(found.maps)
    deletion = measure_deletion(discriminator, image, label, found)
    for method, pictures in deletion.pictures.items():
        assert np.allclose(pictures[0], image)
        assert deletion.scores[method][0] == pytest.approx(abs(found.score), abs=1e-4)
