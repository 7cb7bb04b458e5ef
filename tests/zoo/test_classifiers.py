"""The committed classifiers of Fashion-MNIST, measured again."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from export.datasets.fashion_mnist import LABELS, load, normalize
from export.sessions import open_session, run_in_batches
from models import MODELS

ZOO = Path(__file__).resolve().parents[2] / "models" / "zoo"
FLOORS = {"cnn.fashion_mnist": 93.0, "vit.fashion_mnist": 90.0}
PARAMETERS = {"cnn.fashion_mnist": 300_000, "vit.fashion_mnist": 1_000_000}
NAMES = [name for name in MODELS if name in FLOORS]


def read_card(name: str) -> dict[str, Any]:
    card: dict[str, Any] = json.loads((ZOO / name / "card.json").read_text(encoding="utf-8"))
    return card


@pytest.fixture(scope="module")
def sample() -> tuple[np.ndarray, np.ndarray]:
    with np.load(ZOO / "samples" / "fashion_mnist.npz") as arrays:
        return arrays["pixels"], arrays["labels"].astype(np.int64)


def count_hits(session: Any, pixels: np.ndarray, labels: np.ndarray) -> int:
    logits = run_in_batches(session, "logits", {"image": normalize(pixels)})
    return int((logits.argmax(1) == labels).sum())


def assert_near(hits: int, n: int, percent: float) -> None:
    """Four standard errors: a thousand images of the ten thousand that the card counts."""
    share = min(max(percent / 100, 0.01), 0.99)
    assert abs(hits / n - percent / 100) <= 4 * math.sqrt(share * (1 - share) / n)


def test_the_sample_is_balanced_and_credited(sample: tuple[np.ndarray, np.ndarray]) -> None:
    pixels, labels = sample
    assert pixels.shape == (1000, 28, 28) and pixels.dtype == np.uint8
    assert np.bincount(labels).tolist() == [100] * 10
    credit = json.loads((ZOO / "samples" / "fashion_mnist.json").read_text(encoding="utf-8"))
    assert credit["licence"] == "MIT" and tuple(credit["labels"]) == LABELS


@pytest.mark.parametrize("name", NAMES)
def test_a_classifier_does_on_the_sample_what_its_card_says(
    name: str, sample: tuple[np.ndarray, np.ndarray]
) -> None:
    card = read_card(name)
    accuracy = card["metrics"]["accuracy"]
    assert accuracy["n"] == 10_000 and accuracy["value"] >= FLOORS[name]
    assert_near(
        count_hits(open_session(ZOO / name / "predict.onnx"), *sample), 1000, accuracy["value"]
    )


@pytest.mark.fashion_mnist
@pytest.mark.parametrize("name", NAMES)
def test_the_whole_test_split_gives_the_cards_accuracy(name: str) -> None:
    test = load("test")
    hits = count_hits(open_session(ZOO / name / "predict.onnx"), test.pixels, test.labels)
    # Another processor may round a logit across the line between two classes, not ten of them.
    assert abs(hits - 100 * read_card(name)["metrics"]["accuracy"]["value"]) <= 10


@pytest.mark.parametrize("name", NAMES)
def test_a_card_says_what_it_cost(name: str) -> None:
    training = read_card(name)["training"]
    assert training["command"].startswith("python -m export.train.")
    assert training["seconds"] > 60
    energy = training["energy"]
    assert 0 < energy["low"] <= energy["value"] <= energy["high"] and "estimated" in energy["how"]


@pytest.mark.parametrize("name", NAMES)
def test_a_network_is_as_small_as_promised(name: str) -> None:
    assert read_card(name)["parameters"] <= PARAMETERS[name]


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("vit.")])
def test_rows_of_attention_sum_to_one(name: str, sample: tuple[np.ndarray, np.ndarray]) -> None:
    session = open_session(ZOO / name / "predict.onnx")
    (attention,) = session.run(["attention"], {"image": normalize(sample[0][:3])})
    details = read_card(name)["details"]
    tokens = details["grid"] ** 2 + 1
    assert attention.shape == (3, details["layers"], details["heads"], tokens, tokens)
    assert attention.min() >= 0
    np.testing.assert_allclose(attention.sum(-1), 1, atol=1e-5)
