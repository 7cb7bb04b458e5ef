from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dashboard.families.descriptions import DENOISER, GENERATOR, LSTM
from dashboard.families.examples import (
    denoise,
    find_best,
    forge,
    number_words,
    read_schedule,
    show_pixels,
)
from dashboard.inference.card_loading import load_model_card
from dashboard.inference.graphs import OnnxGraph
from export.datasets.imdb import split_words
from export.sampler import sample

ZOO = Path(__file__).resolve().parents[3] / "models" / "zoo"


def test_the_best_class_and_its_probability() -> None:
    best, sure = find_best(np.array([[0.0, np.log(3.0)]], np.float32))
    assert best == 1 and sure == pytest.approx(0.75)


@pytest.mark.parametrize("text", ["It\u2019s GOOD!<br />Really... 2/10?", "Ünïcode 🙂 naïve"])
def test_words_are_cut_as_in_training(text: str) -> None:
    rules = load_model_card(ZOO / LSTM).details["words"]
    words = split_words(text)
    numbers = {word: 2 + index for index, word in enumerate(dict.fromkeys(words))}
    read = number_words(text, rules, numbers)
    assert read is not None and not read.unknown
    assert read.tokens.tolist() == [[numbers[word] for word in words]]


def test_unknown_words_are_counted_once_and_a_long_text_keeps_its_end() -> None:
    rules = load_model_card(ZOO / LSTM).details["words"]
    read = number_words("odd " * 500 + "good", rules, {"good": 5})
    assert read is not None and read.unknown == ("odd",)
    assert read.tokens.shape == (1, 400) and read.tokens[0, -2:].tolist() == [1, 5]
    assert number_words("🙂 ,", rules, {}) is None


def test_the_diffusion_picture_is_the_reference_samplers() -> None:
    graph = OnnxGraph(ZOO / DENOISER, "predict.onnx")
    details: Mapping[str, Any] = {**graph.card.details, "steps": 4}
    schedule = read_schedule(details)
    done: list[float] = []
    ours = denoise(graph, 8, 3, schedule, done.append)
    noise = np.random.default_rng(3).standard_normal((1, 1, 28, 28), np.float32)

    def predict(image: Any, time: Any, label: Any) -> Any:
        return graph.run({"image": image, "time": time, "label": label})["noise"]

    steps = list(
        sample(
            predict,
            noise,
            np.array([8]),
            10,
            np.array(details["alphas_bar"]),
            4,
            details["guidance"],
            details["first_time"],
        )
    )
    np.testing.assert_allclose(ours, steps[-1].clean, atol=1e-4)
    assert done == [0.25, 0.5, 0.75, 1.0] and schedule.passes == 8


def test_a_seed_gives_one_forgery() -> None:
    class Echo:
        def run(self, feed: Mapping[str, Any], outputs: Sequence[str] = ()) -> dict[str, Any]:
            assert feed["latent"].shape == (1, 128) and feed["label"].tolist() == [2]
            return {"image": feed["latent"]}

    one, same, other = (forge(Echo(), 2, seed, 128) for seed in (0, 0, 1))
    assert (one == same).all() and (one != other).any()
    image = forge(OnnxGraph(ZOO / GENERATOR, "predict.onnx"), 0, 0, 128)
    assert show_pixels(image).shape == (28, 28, 3)


def test_the_range_becomes_grey() -> None:
    image = np.array([[[[-1.0, 0.0, 1.0]]]], np.float32)
    assert show_pixels(image)[0, :, 0].tolist() == [0, 128, 255]
