"""Trajectories as pictures, values computed by hand."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from dashboard.generation.diffusion import Revival, Trajectory
from dashboard.generation.diffusion_pictures import (
    create_film,
    create_revival_film,
    encode_changes,
    find_recognised,
    from_grey,
    join_row,
    to_grey,
)
from dashboard.inference.model import Floats


def _decode(url: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(url.split(",", 1)[1]))))


def _judge(images: Floats) -> Floats:
    """Say class 1 of bright images, class 0 of dark ones."""
    bright = (images.mean(axis=(1, 2)) + 1) / 2
    return np.stack([1 - bright, bright], axis=1).astype(np.float32)


def _create_trajectory() -> Trajectory:
    cleans = np.stack([np.full((28, 28), value, np.float32) for value in (-1, 0.5, 1)])
    changes = np.stack([np.full((28, 28), value, np.float32) for value in (-1, 0.2, 0)])
    return Trajectory(np.array([9, 5, 0]), cleans * 0, cleans, changes)


def test_grey_and_back() -> None:
    values = np.array([-3, -1, 0, 1, 3], np.float32)
    assert to_grey(values).tolist() == [0, 0, 128, 255, 255]
    pixels = np.arange(256, dtype=np.uint8)
    assert to_grey(from_grey(pixels)).tolist() == pixels.tolist()


def test_a_row_keeps_the_order() -> None:
    tiles = np.arange(8, dtype=np.uint8).reshape(2, 2, 2)
    assert join_row(tiles).tolist() == [[0, 1, 4, 5], [2, 3, 6, 7]]


def test_changes_share_one_scale_and_are_red_where_brighter() -> None:
    maps = np.stack([np.full((28, 28), value, np.float32) for value in (1, 0, -1)])
    picture = _decode(encode_changes(maps))
    assert picture.shape == (28, 84, 3)
    red, white, blue = (picture[0, x].astype(int) for x in (0, 28, 56))
    assert red[0] > red[2] + 50 and blue[2] > blue[0] + 50 and white.min() > 240


def test_a_film_says_what_the_classifier_saw() -> None:
    film = create_film(_create_trajectory(), 1, _judge)
    assert film.times == [9, 5, 0]
    assert film.chances == pytest.approx([0, 0.75, 1])
    assert film.verdicts == [(0, 1.0), (1, 0.75), (1, 1.0)]
    assert film.amounts == pytest.approx([50, 10, 0])
    assert _decode(film.clean)[0, ::28].tolist() == [0, 191, 255]


def test_without_a_classifier_the_pictures_stay() -> None:
    film = create_film(_create_trajectory(), 1, None)
    assert film.verdicts == [] and film.chances == [] and film.clean.startswith("data:image/png")


def test_a_revival_is_held_against_the_original() -> None:
    image = np.full((28, 28), 1, np.float32)
    denoised = np.stack([image, image * 0, -image])
    film = create_revival_film(image, Revival(np.array([0, 4, 9]), denoised, denoised), _judge)
    assert film.original_verdict == (1, 1.0)
    assert film.distances == pytest.approx([0, 0.5, 1])
    assert film.chances == pytest.approx([1, 0.5, 0])


@pytest.mark.parametrize(
    ("seen", "found"), [([1, 1], 1), ([0, 1, 0, 1, 1], 4), ([1, 0], None), ([0, 0, 1], 3)]
)
def test_recognised_is_what_stays(seen: list[int], found: int | None) -> None:
    assert find_recognised([(label, 0.9) for label in seen], 1) == found
