from typing import Any

import numpy as np
import pytest

from dashboard.inference.preprocessing import (
    compute_input_range,
    crop_view,
    normalize,
    preprocess,
    to_pixels,
)

GREY = {
    "input": {"name": "image", "layout": "NCHW", "channels": 1, "size": 4},
    "preprocessing": {
        "crop": "center_square",
        "interpolation": "bilinear",
        "mean": [0],
        "std": [255],
    },
}


def test_the_card_gives_mean_and_std(make_card: Any) -> None:
    pixels = np.zeros((4, 4, 3), np.uint8)
    pixels[..., 0] = 255
    pixels[..., 1] = 127
    inputs = preprocess(pixels, make_card())
    assert inputs.shape == (1, 3, 4, 4)
    assert inputs.dtype == np.float32
    assert inputs.flags.c_contiguous
    np.testing.assert_array_equal(inputs[0, 0], 1.0)  # (255 - 127) / 128
    np.testing.assert_array_equal(inputs[0, 1], 0.0)
    np.testing.assert_array_equal(inputs[0, 2], -127 / 128)


def test_every_channel_has_its_own_mean_and_std(make_card: Any) -> None:
    card = make_card(
        preprocessing={
            "crop": "center_square",
            "interpolation": "bicubic",
            "mean": [10, 20, 30],
            "std": [1, 2, 4],
        }
    )
    inputs = preprocess(np.full((4, 4, 3), 50, np.uint8), card)
    np.testing.assert_array_equal(inputs[0, :, 0, 0], [40, 15, 5])


def test_the_view_is_the_centred_square(make_card: Any) -> None:
    pixels = np.zeros((4, 10, 3), np.uint8)
    pixels[:, 3:7] = 200  # columns 3 to 6 are the middle four of ten
    np.testing.assert_array_equal(crop_view(pixels, make_card()), 200)


def test_an_odd_margin_leaves_its_extra_line_at_the_end(make_card: Any) -> None:
    pixels = np.arange(7, dtype=np.uint8)[:, None, None] * np.ones((7, 4, 3), np.uint8)
    view = crop_view(pixels, make_card())
    np.testing.assert_array_equal(view[:, 0, 0], [1, 2, 3, 4])  # of 0 ... 6: one off, two off


def test_a_view_at_the_networks_resolution_is_not_resampled(make_card: Any) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (4, 4, 3), dtype=np.uint8)
    np.testing.assert_array_equal(crop_view(pixels, make_card()), pixels)


def test_shrinking_averages_instead_of_skipping(make_card: Any) -> None:
    # A fine checkerboard is grey from afar; without antialiasing it would stay black and white.
    board = (np.indices((64, 64)).sum(axis=0) % 2 * 255).astype(np.uint8)
    view = crop_view(np.repeat(board[..., None], 3, axis=2), make_card())
    assert view.min() >= 120
    assert view.max() <= 135


@pytest.mark.parametrize("shape", [(1, 1, 3), (10_000, 1, 3), (1, 10_000, 3)])
def test_one_pixel_wide_is_wide_enough(make_card: Any, shape: tuple[int, int, int]) -> None:
    pixels = np.full(shape, 9, np.uint8)
    view = crop_view(pixels, make_card())
    assert view.shape == (4, 4, 3)
    assert (view == 9).all()


def test_the_input_is_the_normalised_view(make_card: Any) -> None:
    card = make_card()
    pixels = np.random.default_rng(1).integers(0, 256, (30, 50, 3), dtype=np.uint8)
    view = crop_view(pixels, card)
    np.testing.assert_array_equal(preprocess(pixels, card), normalize(view[None], card))


def test_to_pixels_is_the_inverse(make_card: Any) -> None:
    card = make_card()
    views = np.random.default_rng(2).integers(0, 256, (7, 4, 4, 3), dtype=np.uint8)
    limits = compute_input_range(card)
    np.testing.assert_array_equal(to_pixels(normalize(views, card), limits), views)


def test_to_pixels_clips_what_no_pixel_can_be(make_card: Any) -> None:
    inputs = np.full((1, 3, 4, 4), 9.0, np.float32)
    assert (to_pixels(inputs, compute_input_range(make_card())) == 255).all()


def test_a_grey_network_sees_luminance(make_card: Any) -> None:
    card = make_card(**GREY)
    pixels = np.zeros((4, 4, 3), np.uint8)
    pixels[..., 1] = 255
    inputs = preprocess(pixels, card)
    assert inputs.shape == (1, 1, 4, 4)
    np.testing.assert_allclose(inputs, 150 / 255, rtol=1e-6)  # green weighs .587: 149.7
    assert (crop_view(pixels, card) == 150).all()
    assert (to_pixels(inputs, compute_input_range(card)) == 150).all()
    assert to_pixels(inputs, compute_input_range(card)).shape == (1, 4, 4, 3)


def test_the_input_range_is_black_and_white(make_card: Any) -> None:
    black, white = compute_input_range(make_card())
    assert black.shape == white.shape == (3, 1, 1)
    assert black.dtype == white.dtype == np.float32
    np.testing.assert_array_equal(black, -127 / 128)
    np.testing.assert_array_equal(white, 1.0)
