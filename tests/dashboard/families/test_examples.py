from pathlib import Path

import numpy as np
import pytest

from dashboard.families.descriptions import DENOISER
from dashboard.families.examples import (
    denoise,
    find_best,
    read_drawing,
    show_pixels,
)
from dashboard.generation.diffusion import Wish, create_predictor, trace
from dashboard.inference.graphs import OnnxGraph

ZOO = Path(__file__).resolve().parents[3] / "models" / "zoo"


def test_the_best_class_and_its_probability() -> None:
    best, sure = find_best(np.array([[0.0, np.log(3.0)]], np.float32))
    assert best == 1 and sure == pytest.approx(0.75)


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
