from pathlib import Path

import numpy as np
import pytest

from dashboard.families.descriptions import DENOISER, LSTM
from dashboard.families.examples import (
    denoise,
    find_best,
    number_words,
    read_drawing,
    show_pixels,
)
from dashboard.generation.diffusion import Wish, create_predictor, trace
from dashboard.inference.card_loading import load_model_card
from dashboard.inference.graphs import OnnxGraph
from export.datasets.imdb import split_words

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


def test_the_diffusion_picture_is_drawn_as_the_card_says() -> None:
    graph = OnnxGraph(ZOO / DENOISER, "predict.onnx")
    drawing = read_drawing({**graph.card.details, "steps": 4})
    done: list[float] = []
    predict = create_predictor(graph)
    ours = denoise(predict, 8, 3, drawing, done.append)
    film = trace(predict, drawing.schedule, Wish(8, 3, drawing.guidance, 4), lambda _: None)
    np.testing.assert_allclose(ours[0, 0], film.cleans[-1], atol=1e-4)
    assert done == [0.25, 0.5, 0.75, 1.0] and drawing.passes == 8
    assert show_pixels(ours).shape == (28, 28, 3)


def test_the_range_becomes_grey() -> None:
    image = np.array([[[[-1.0, 0.0, 1.0]]]], np.float32)
    assert show_pixels(image)[0, :, 0].tolist() == [0, 128, 255]
