"""The randomisation test, on a linear model with a known answer and on the zoo's small CNN."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from dashboard.attribution import get_method
from dashboard.attribution.base import Question
from dashboard.inference.preprocessing import preprocess
from dashboard.inference.samples import load_sample
from dashboard.inference.sessions import OnnxModel
from dashboard.inference.weights import read_weights
from dashboard.limits.agreement import compute_rank_correlation
from dashboard.limits.known_answer import LinearModel
from dashboard.limits.randomisation import (
    Weights,
    compare_steps,
    compute_cascade,
    list_layers,
    shuffle_weights,
)

CNN = Path("models/zoo/cnn.fashion_mnist")
METHODS = [get_method(name) for name in ("saliency", "edges")]


def test_weights_of_a_block_are_one_layer() -> None:
    names = ["model.stem.conv.weight", "model.blocks.0.expand.weight", "model.blocks.0.project"]
    layers = list_layers([*names, "model.classifier.weight", "val_3"])
    assert [layer.name for layer in layers] == ["stem", "blocks 0", "classifier", "weights 5"]
    assert layers[1].weights == tuple(names[1:])
    torchvision = ["conv1.weight", "layer1.0.conv1.weight", "layer1.0.conv2.weight", "fc.weight"]
    assert [layer.name for layer in list_layers(torchvision)] == ["conv1", "layer1 0", "fc"]


def test_many_blocks_are_joined_and_the_output_stays_alone() -> None:
    names = [f"model.blocks.{i}.weight" for i in range(20)] + ["model.classifier.weight"]
    layers = list_layers(names, max_layers=5)
    assert len(layers) == 5
    assert layers[-1].name == "classifier" and layers[0].name == "blocks 0 to blocks 4"
    assert [name for layer in layers for name in layer.weights] == names


def test_shuffling_keeps_the_numbers_and_does_not_depend_on_the_others() -> None:
    rng = np.random.default_rng(0)
    weights = {"a": rng.normal(size=(4, 5)), "b": rng.normal(size=(3, 2, 2))}
    both, one = shuffle_weights(weights, ["a", "b"], 1), shuffle_weights(weights, ["b"], 1)
    assert np.array_equal(both["b"], one["b"]) and set(one) == {"b"}
    for name, array in weights.items():
        assert np.array_equal(np.sort(both[name].ravel()), np.sort(array.ravel()))
        assert both[name].shape == array.shape and not np.array_equal(both[name], array)
    assert not np.array_equal(shuffle_weights(weights, ["a"], 2)["a"], both["a"])


def test_a_linear_model_has_a_known_answer() -> None:
    rng = np.random.default_rng(3)
    weights: dict[str, NDArray[Any]] = {"w": rng.normal(size=(1, 12, 12)).astype(np.float32)}
    inputs = rng.random((1, 1, 12, 12)).astype(np.float32)

    def create(gone: Sequence[str]) -> LinearModel:
        return LinearModel({**weights, **shuffle_weights(weights, gone, 5)}["w"])

    steps = compute_cascade(create, tuple(weights), Question(inputs, 0), METHODS)
    shuffled = shuffle_weights(weights, ["w"], 5)["w"][0]
    known = compute_rank_correlation(np.abs(weights["w"][0]), np.abs(shuffled))
    likeness = compare_steps(steps, METHODS)
    assert len(steps) == 2
    assert likeness["saliency"][0] == (1.0, 1.0)
    assert likeness["saliency"][1][0] == pytest.approx(known, abs=1e-4)
    assert likeness["edges"] == [(1.0, 1.0), (1.0, 1.0)]  # it never asked the model


@pytest.fixture(scope="module")
def weights() -> Weights:
    return read_weights(CNN)


def test_weights_come_in_the_order_of_the_network(weights: Weights) -> None:
    layers = [layer.name for layer in list_layers(tuple(weights))]
    assert layers == ["early", "middle 0", "middle 1", "late 0", "late 1", "classifier"]
    assert weights["model.early.conv.weight"].shape == (24, 1, 5, 5)


def test_both_graphs_get_the_same_weights(weights: Weights) -> None:
    own = OnnxModel(CNN)
    # Noise: in a garment's even background the pooling has ties, where a gradient is a choice.
    inputs = np.random.default_rng(0).normal(size=(1, 1, 28, 28)).astype(np.float32)
    same = OnnxModel(CNN, weights=weights)
    assert np.array_equal(same.predict(inputs), own.predict(inputs))
    other = OnnxModel(CNN, weights=shuffle_weights(weights, tuple(weights), 0))
    explained = other.explain(inputs, np.array([3]))
    assert np.allclose(explained.logits, other.predict(inputs), atol=1e-4)
    assert not np.allclose(explained.logits, own.predict(inputs), atol=0.5)
    step = 1e-3 * np.sign(explained.gradient)
    risen = other.predict(inputs + step)[0, 3] - other.predict(inputs - step)[0, 3]
    expected = 2e-3 * float(np.abs(explained.gradient).sum())
    assert risen == pytest.approx(expected, rel=0.1)  # the gradient is of these weights too


def test_the_small_cnns_maps_notice(weights: Weights) -> None:
    own = OnnxModel(CNN)
    inputs = preprocess(load_sample("clothing_dress").pixels, own.card)
    question = Question(inputs, int(own.predict(inputs)[0].argmax()))
    steps = compute_cascade(
        lambda gone: OnnxModel(CNN, weights=shuffle_weights(weights, gone, 0)),
        tuple(weights),
        question,
        METHODS,
    )
    assert [len(step.shuffled) for step in steps] == list(range(7))
    assert steps[1].shuffled == ("classifier",) and steps[-1].shuffled[-1] == "early"
    assert steps[0].probability > 0.9 > steps[-1].probability
    likeness = compare_steps(steps, METHODS)
    assert likeness["edges"][-1] == (1.0, 1.0)
    last = likeness["saliency"][-1][0]
    assert last is not None and abs(last) < 0.3
