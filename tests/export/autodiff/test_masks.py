"""The draws of masked gradients: shares, fills and matrices, by hand."""

import numpy as np
import pytest

from export.autodiff.deploy import masks
from export.autodiff.deploy.masks import Fills, create_masks, draw

SHAPES = [(1, 28, 28), (3, 70, 90), (2, 5, 9)]


@pytest.mark.parametrize("shape", SHAPES)
def test_masks_fit_the_picture_and_show_from_little_to_nearly_all(
    shape: tuple[int, int, int],
) -> None:
    draws = draw(40, shape, seed=0)
    shown = create_masks(draws, slice(None))
    assert shown.shape == (40, *shape[1:])
    assert shown.min() >= 0 and shown.max() <= 1 + 1e-6
    # One share in each fortieth of [.05, .95]: cells are rounded to whole ones.
    shares = np.sort(draws.cells.mean(axis=(1, 2)))
    wanted = masks.LEAST + (masks.MOST - masks.LEAST) * (np.arange(40) + 0.5) / 40
    assert np.abs(shares - wanted).max() <= 0.5 / 40 + 1 / draws.cells[0].size


def test_a_part_of_the_masks_is_that_part_of_all() -> None:
    draws = draw(9, (1, 28, 28), seed=3)
    np.testing.assert_array_equal(
        create_masks(draws, slice(4, 7)), create_masks(draws, slice(None))[4:7]
    )


def test_another_seed_draws_other_masks_and_fills() -> None:
    one, other = (draw(8, (3, 70, 90), seed) for seed in (0, 1))
    assert not np.array_equal(one.cells, other.cells)
    assert not np.array_equal(one.levels, other.levels)


def test_small_pictures_get_finer_cells_and_no_noise() -> None:
    small, large = draw(64, (1, 28, 28), 0), draw(64, (3, 224, 224), 0)
    assert small.cells.shape[1:] == (14, 14) and large.cells.shape[1:] == (7, 7)
    spread = [np.ptp(each.levels, axis=(2, 3)).max(axis=1) for each in (small, large)]
    assert (spread[0] == 0).all() and (spread[1] > 0).sum() == 16  # two kinds of eight


def test_a_grey_picture_is_never_filled_with_black() -> None:
    draws = draw(200, (1, 28, 28), 0)
    flat = draws.levels[draws.kinds >= masks.N_COPIES]
    assert flat.min() >= 0.25


def test_fills_of_a_picture_by_hand() -> None:
    picture = np.zeros((1, 6, 6), np.float32)
    picture[0, 2:4, 2:4] = 9.0
    fills = Fills(picture)
    levels = np.full((4, 1, masks.UNITS, masks.UNITS), 0.5, np.float32)
    mean = len(masks.BLURS)
    found = fills.create(np.array([mean, masks.N_COPIES, 0, 1]), levels)
    np.testing.assert_allclose(found[0], 1.0, rtol=1e-5)  # 4 x 9 / 36
    np.testing.assert_allclose(found[1], 4.5, rtol=1e-5)  # half-way from darkest to brightest
    # A blur: the wider, the flatter.
    assert np.ptp(picture) > np.ptp(found[2]) > np.ptp(found[3]) > 0


def test_rows_of_a_blur_add_up_to_one_and_none_is_a_copy() -> None:
    np.testing.assert_allclose(masks.blur(9, 2.0).sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_array_equal(masks.blur(5, 0.0), np.eye(5, dtype=np.float32))


def test_interpolation_by_hand() -> None:
    np.testing.assert_allclose(
        masks.interpolate(2, 4), [[1, 0], [0.75, 0.25], [0.25, 0.75], [0, 1]]
    )
