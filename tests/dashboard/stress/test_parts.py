"""The pieces of the corruptions, against definitions written out or other libraries."""

from itertools import pairwise

import numpy as np
import pytest
from scipy import ndimage

from dashboard.stress import get_corruption
from dashboard.stress.contours import compute_distance, compute_edges
from dashboard.stress.convolution import blur, correlate
from dashboard.stress.elastic_transform import create_displacement
from dashboard.stress.fog import create_landscape
from dashboard.stress.frost import create_ice
from dashboard.stress.glass_blur import compute_origins
from dashboard.stress.motion_blur import smear
from dashboard.stress.sampling import create_grid, sample
from dashboard.stress.zoom_blur import enlarge


def create_noise(*shape: int) -> np.ndarray:
    return (np.random.default_rng(0).random(shape) * 255).astype(np.float32)


@pytest.mark.parametrize("shape", [(1, 90, 150), (2, 7, 200), (3, 1, 5)], ids=str)
@pytest.mark.parametrize("sigma", [0.1, 0.7, 6.0])
def test_blur_is_scipys(shape: tuple[int, ...], sigma: float) -> None:
    planes = create_noise(*shape)
    expected = ndimage.gaussian_filter(planes.astype(float), (0, sigma, sigma), mode="nearest")
    np.testing.assert_allclose(blur(planes, sigma), expected, atol=1e-3)


def test_correlation_is_scipys() -> None:
    planes, kernel = create_noise(2, 30, 41), create_noise(5, 7) / 1000
    expected = np.stack([ndimage.correlate(p.astype(float), kernel, mode="mirror") for p in planes])
    np.testing.assert_allclose(correlate(planes, kernel), expected, atol=0.01)


def test_displacement_is_a_blurred_uniform_field() -> None:
    field = np.random.default_rng(1).uniform(-1, 1, (40, 56))
    for sigma in (0.0, 0.5, 3.0, 50.0):
        expected = ndimage.gaussian_filter(field, sigma, mode="reflect", truncate=3)
        result = create_displacement((40, 56), sigma, np.random.default_rng(1))
        np.testing.assert_allclose(result, expected, atol=1e-5)


def test_enlarging_is_scipys_zoom_trimmed() -> None:
    planes = create_noise(1, 50, 80)
    for factor in (1.0, 1.03, 2.5):
        rows, columns = (int(np.ceil(n / factor)) for n in (50, 80))
        top, left = (50 - rows) // 2, (80 - columns) // 2
        kept = planes[:, top : top + rows, left : left + columns]
        expected = ndimage.zoom(kept, (1, factor, factor), order=1)
        trims = [(n - m) // 2 for n, m in zip(expected.shape[1:], (50, 80), strict=True)]
        expected = expected[:, trims[0] : trims[0] + 50, trims[1] : trims[1] + 80]
        np.testing.assert_allclose(enlarge(planes, factor), expected, atol=0.01)


@pytest.mark.parametrize(("ours", "scipys"), [("edge", "nearest"), ("mirror", "reflect")])
def test_sampling_is_scipys_far_outside_too(ours: str, scipys: str) -> None:
    planes = create_noise(1, 6, 9)
    rng = np.random.default_rng(2)
    rows, columns = rng.uniform(-20, 30, (2, 40, 40)).astype(np.float32)
    expected = ndimage.map_coordinates(planes[0], [rows, columns], order=1, mode=scipys)
    np.testing.assert_allclose(sample(planes, rows, columns, ours)[0], expected, atol=0.01)


def test_sampling_at_the_pixels_is_the_identity() -> None:
    planes = create_noise(2, 5, 4)
    for border in ("edge", "mirror", "mirror_101"):
        np.testing.assert_array_equal(sample(planes, *create_grid(5, 4), border), planes)


def test_smear_follows_its_angle_by_half_a_gaussian() -> None:
    planes = np.zeros((1, 9, 9), np.float32)
    planes[0, 4, 4] = 1
    row = smear(planes, 1, 1.0, 0.0)[0]
    weights = np.exp([0, -0.5, -2.0])
    # Angle 0 smears to the left: a shift by -dx shows what stands to the right.
    np.testing.assert_allclose(row[4, [4, 3, 2]], weights / weights.sum(), rtol=1e-6)
    assert row.sum() == pytest.approx(1)


def test_glass_follows_the_copies_one_by_one() -> None:
    height, width, reach = 13, 11, 2
    origins = compute_origins(height, width, reach, np.random.default_rng(4))
    rng = np.random.default_rng(4)
    picture = np.arange(height * width).reshape(height, width).copy()
    for row in range(height - reach, reach, -1):
        for column in range(width - reach, reach, -1):
            dx, dy = rng.integers(-reach, reach, size=2)
            picture[row, column] = picture[row + dy, column + dx]
    np.testing.assert_array_equal(origins, picture.ravel())


def test_distance_to_one_edge_is_a_walk_of_king_and_knight() -> None:
    edges = np.zeros((60, 60), bool)
    edges[30, 30] = True
    distance = compute_distance(edges, 20)
    for dy, dx, expected in [(0, 0, 0), (0, 5, 5), (3, 3, 4.2), (1, 2, 2.1969), (7, 2, 7.3938)]:
        for place in [(30 + dy, 30 - dx), (30 - dx, 30 + dy)]:
            assert distance[place] == pytest.approx(expected, abs=2e-3)
    assert distance.max() == 20
    assert (compute_distance(np.zeros((4, 3), bool), 20) == 20).all()


def test_edges_of_a_square_are_its_outline_once() -> None:
    image = np.zeros((30, 30), np.uint8)
    image[8:20, 8:20] = 200
    edges = compute_edges(image, 50, 150)
    assert (edges.sum(axis=1)[10:18] == 2).all() and (edges.sum(axis=0)[10:18] == 2).all()
    assert not edges[:6].any() and not edges[11:17, 11:17].any()
    faint = np.where(image > 0, 20, 0).astype(np.uint8)  # 80 is above low, never above high
    assert not compute_edges(faint, 50, 150).any()


def test_landscape_spans_0_to_1_and_is_rougher_with_less_decay() -> None:
    rough, smooth = (create_landscape(64, d, np.random.default_rng(0)) for d in (1.4, 3.0))
    for heights in (rough, smooth):
        assert heights.min() == 0 and heights.max() == 1
    assert np.abs(np.diff(rough)).mean() > 2 * np.abs(np.diff(smooth)).mean()


def test_ice_lies_between_nothing_and_white() -> None:
    ice = create_ice((100, 60), np.random.default_rng(0))
    assert ice.shape == (100, 60)
    assert ice.min() >= 0 and 0.9 < ice.max() <= 1


def test_ice_is_as_bright_as_the_benchmarks_photographs() -> None:
    black = np.zeros((8, 224, 224, 3), np.uint8)
    frost = get_corruption("frost").apply(black, 1)  # 0.4 of the ice
    np.testing.assert_allclose(frost.mean((0, 1, 2)) / 0.4, [146, 167, 178], rtol=0.05)


def test_brightness_raises_the_value_and_keeps_the_hue() -> None:
    image = np.array([[[[100, 50, 0], [0, 0, 0]]]], np.uint8).repeat(50, axis=1)
    result = get_corruption("brightness").apply(image, 1)[0, 0]  # + 25.5
    np.testing.assert_array_equal(result, [[125, 62, 0], [25, 25, 25]])


def test_contrast_keeps_the_mean() -> None:
    image = np.full((1, 64, 64, 1), 100, np.uint8)
    image[:, :32] = 200
    result = get_corruption("contrast").apply(image, 1)  # 0.4 of the distance from 150
    np.testing.assert_array_equal(np.unique(result), [130, 170])


def test_saturation_gives_greys_the_hue_of_red_as_published() -> None:
    image = np.full((1, 64, 64, 3), 200, np.uint8)
    np.testing.assert_array_equal(get_corruption("saturate").apply(image, 1)[0, 0, 0], 200)
    np.testing.assert_array_equal(
        get_corruption("saturate").apply(image, 4)[0, 0, 0], [200, 180, 180]
    )


def test_geometric_shifts_move_one_point_where_they_say() -> None:
    image = np.zeros((1, 57, 57, 1), np.uint8)
    image[0, 28, 28] = 255
    for name in ("rotation", "scale", "shear", "aspect"):
        result = get_corruption(name).apply(image, 1)[0, ..., 0]
        assert np.unravel_index(result.argmax(), result.shape) == (28, 28), name
    moved = get_corruption("translation").apply(image, 5)[0, ..., 0]
    row, column = np.unravel_index(moved.argmax(), moved.shape)
    assert moved[row, column] == 255
    assert abs(row - 28) == abs(column - 28) == 10  # 5/28 of 57


def test_the_turned_hue_keeps_the_brightness() -> None:
    image = np.random.default_rng(0).integers(100, 140, (1, 60, 60, 3), np.uint8)
    luma = np.array([0.299, 0.587, 0.114])
    result = get_corruption("hue").apply(image, 5)
    np.testing.assert_allclose(result @ luma, image @ luma, atol=1.1)


def test_more_squares_hide_what_fewer_hid() -> None:
    image = np.zeros((1, 64, 64, 3), np.uint8)
    squares = get_corruption("grey_squares")
    hidden = [squares.apply(image, k, 9)[0, ..., 0] == 128 for k in range(1, 6)]
    for fewer, more in pairwise(hidden):
        assert not (fewer & ~more).any()


def test_the_corner_of_a_vignette_gets_cosine_to_the_fourth() -> None:
    image = np.full((1, 1001, 1001, 1), 255, np.uint8)
    result = get_corruption("vignette").apply(image, 2)[0, ..., 0]
    assert result[0, 0] == pytest.approx(255 / (1 + 0.9**2) ** 2, abs=1.5)
    assert result[500, 500] >= 254
