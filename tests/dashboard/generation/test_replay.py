"""The contest replayed on the committed GAN; walks and counts by hand."""

import json

import numpy as np
import pytest

from dashboard.cache import ZOO
from dashboard.generation.replay import (
    draw_latents,
    look_at_moment,
    run_generator,
    score,
    tile,
    walk,
)
from dashboard.inference.graphs import OnnxGraph

GENERATOR, DISCRIMINATOR = "generator.fashion_mnist", "discriminator.fashion_mnist"


def test_a_walk_starts_and_ends_where_it_should_and_keeps_its_length() -> None:
    a, b = np.array([2.0, 0.0], np.float32), np.array([0.0, 2.0], np.float32)
    way = walk(a, b, 3)
    assert np.allclose(way[[0, -1]], [a, b], atol=1e-6)
    assert np.allclose(way[1], [2**0.5, 2**0.5], atol=1e-6)
    assert np.allclose(walk(a, a, 4), a)


def test_tiles_lie_row_by_row() -> None:
    images = np.arange(3, dtype=np.float32)[:, None, None] * np.ones((1, 2, 2), np.float32)
    whole = tile(images, 2)
    assert whole.shape == (4, 4) and whole[0, 0] == 0 and whole[0, 3] == 1
    assert whole[3, 0] == 2 and whole[3, 3] == -1


def test_the_last_moment_agrees_with_the_card() -> None:
    discriminator = OnnxGraph(ZOO / DISCRIMINATOR, "predict.onnx", "step_07500")
    generator = OnnxGraph(ZOO / GENERATOR, "predict.onnx", "step_07500")
    with np.load(ZOO / "samples" / "fashion_mnist.npz") as arrays:
        real = (arrays["pixels"][:300] / 127.5 - 1).astype(np.float32)
        labels = arrays["labels"][:300].astype(np.int64)
    latents = draw_latents(300, 128, 0)
    shown = (latents[:4], labels[:4])
    moment = look_at_moment(generator, discriminator, shown, (latents, labels), (real, labels))
    card = json.loads((ZOO / DISCRIMINATOR / "card.json").read_text(encoding="utf-8"))
    assert moment.images.shape == (4, 28, 28) and np.abs(moment.images).max() < 1.001
    assert moment.real_right == pytest.approx(
        card["metrics"]["real_right"]["value"] / 100, abs=0.12
    )
    generated = run_generator(generator, latents[:4], labels[:4])
    assert np.allclose(generated, moment.images, atol=1e-5)
    assert score(discriminator, generated, labels[:4]).shape == (4,)
