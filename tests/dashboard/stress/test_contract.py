"""What every corruption in CORRUPTIONS promises. A new one is tested by being registered."""

import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dashboard.stress import CORRUPTIONS, get_corruption, list_suites
from dashboard.stress.base import GROUPS, SMALL_SIDE, Corruption, Pixels

SAMPLES = Path(__file__).parents[3] / "dashboard" / "samples"
PHOTOS = ("chelsea", "coffee", "temple", "rocket")
CLOTHES = ("bag", "coat", "sneaker", "shirt")
BENCHMARK = [
    "gaussian_noise",
    "shot_noise",
    "impulse_noise",
    "defocus_blur",
    "glass_blur",
    "motion_blur",
    "zoom_blur",
    "snow",
    "frost",
    "fog",
    "brightness",
    "contrast",
    "elastic_transform",
    "pixelate",
    "jpeg_compression",
]
EXTRA = ["speckle_noise", "gaussian_blur", "spatter", "saturate"]

every_corruption = pytest.mark.parametrize("corruption", CORRUPTIONS, ids=lambda c: c.name)


@cache
def load_photos(side: int) -> Pixels:
    pictures = [Image.open(SAMPLES / f"{name}.jpg").convert("RGB") for name in PHOTOS]
    return np.stack([np.asarray(picture.resize((side, side))) for picture in pictures])


@cache
def load_clothes() -> Pixels:
    pictures = [Image.open(SAMPLES / f"clothing_{name}.png").convert("L") for name in CLOTHES]
    return np.stack([np.asarray(picture.resize((28, 28)))[..., np.newaxis] for picture in pictures])


def compute_distance(corrupted: Pixels, images: Pixels) -> float:
    return float(np.abs(corrupted.astype(int) - images).mean())


def test_the_benchmarks_nineteen_are_declared_and_in_its_order() -> None:
    assert [c.name for c in list_suites("benchmark")] == BENCHMARK
    assert [c.name for c in list_suites("extra")] == EXTRA
    assert [c.name for c in list_suites("extra", "benchmark")] == BENCHMARK + EXTRA
    assert list_suites("benchmark", "extra", "ours") == CORRUPTIONS


def test_every_corruption_has_a_name_of_its_own_and_no_group_is_empty() -> None:
    assert len({c.name for c in CORRUPTIONS}) == len(CORRUPTIONS)
    assert {c.group for c in CORRUPTIONS} == set(GROUPS)


@every_corruption
def test_has_what_a_page_needs(corruption: Corruption) -> None:
    assert corruption.label and corruption.source
    assert corruption.summary.endswith(".") and "\n" not in corruption.summary
    assert len(corruption.help.split()) > 10
    assert corruption.severities == (0, 1, 2, 3, 4, 5)
    assert corruption.small_levels is None or len(corruption.small_levels) == 5
    assert get_corruption(corruption.name) is corruption


@every_corruption
def test_severity_0_is_the_identity_in_a_new_array(corruption: Corruption) -> None:
    images = load_photos(32)
    result = corruption.apply(images, 0)
    np.testing.assert_array_equal(result, images)
    assert not np.shares_memory(result, images)


@every_corruption
@pytest.mark.parametrize(
    "shape",
    [
        (2, 28, 28, 1),
        (2, 28, 28, 3),
        (1, 64, 50, 3),
        (1, 20, 90, 3),
        (1, 90, 7, 1),
        (1, 60, 60, 4),
        (1, 60, 60, 2),
        (2, 1, 1, 1),
        (1, 1, 1, 3),
        (1, 2, 3, 3),
        (1, 1, 9, 1),
        (0, 5, 5, 3),
    ],
    ids=str,
)
def test_any_shape_is_kept_and_the_input_untouched(
    corruption: Corruption, shape: tuple[int, ...]
) -> None:
    images = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    before = images.copy()
    images.setflags(write=False)
    for severity in range(1, 6):
        with np.errstate(all="raise", under="ignore"):
            result = corruption.apply(images, severity, 3)
        assert result.shape == shape and result.dtype == np.uint8
        assert result.flags.writeable and not np.shares_memory(result, images)
    np.testing.assert_array_equal(images, before)


@every_corruption
@pytest.mark.parametrize("value", [0, 128, 255])
def test_flat_images_work(corruption: Corruption, value: int) -> None:
    images = np.full((1, 56, 56, 3), value, np.uint8)
    for severity in (1, 5):
        with np.errstate(all="raise", under="ignore"):
            assert corruption.apply(images, severity).shape == images.shape


@every_corruption
def test_a_large_photo_works(corruption: Corruption) -> None:
    images = np.tile(load_photos(224)[:1], (1, 4, 5, 1))  # (1, 896, 1120, 3)
    assert corruption.apply(images, 5).shape == images.shape


@every_corruption
def test_a_seed_repeats_and_another_differs_where_it_is_random(corruption: Corruption) -> None:
    images = load_photos(96)[:1]
    results = [corruption.apply(images, 4, seed) for seed in (1, 1, 2, 3, 4, 5)]
    np.testing.assert_array_equal(results[0], results[1])
    is_same = all(np.array_equal(results[0], other) for other in results[2:])
    assert is_same != corruption.is_random


@every_corruption
def test_an_image_does_not_depend_on_those_after_it(corruption: Corruption) -> None:
    images = load_photos(64)
    together = corruption.apply(images, 3, 7)
    np.testing.assert_array_equal(corruption.apply(images[:2], 3, 7), together[:2])
    if corruption.is_random:  # and equal images of one batch are drawn anew
        twice = corruption.apply(np.repeat(images[:1], 6, axis=0), 3, 7)
        assert any(not np.array_equal(twice[0], other) for other in twice[1:])


@every_corruption
@pytest.mark.parametrize("kind", ["photos", "clothes"])
def test_a_higher_level_is_further_from_the_original(corruption: Corruption, kind: str) -> None:
    images = load_photos(112) if kind == "photos" else load_clothes()
    if kind == "clothes" and corruption.needs_colour:
        np.testing.assert_array_equal(corruption.apply(images, 5), images)
        return
    n_seeds = 6 if corruption.is_random else 1
    distances = [
        np.mean([compute_distance(corruption.apply(images, k, s), images) for s in range(n_seeds)])
        for k in corruption.severities
    ]
    assert distances[0] == 0 and min(distances[1:]) > 0
    if corruption.is_monotone:
        assert distances == sorted(distances), np.round(distances, 2)


@every_corruption
@pytest.mark.parametrize("severity", [-1, 6, 2.5, True, "3", None])
def test_a_severity_out_of_range_is_refused_in_one_sentence(
    corruption: Corruption, severity: object
) -> None:
    with pytest.raises(ValueError, match=r"^The severity must be a whole number from 0 to 5, not"):
        corruption.apply(load_photos(32), severity)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "images",
    [
        np.zeros((4, 4, 3), np.uint8),
        np.zeros((1, 4, 4, 3), np.float32),
        np.zeros((1, 0, 4, 3), np.uint8),
        np.zeros((1, 4, 4, 0), np.uint8),
    ],
    ids=lambda a: f"{a.dtype}{a.shape}",
)
def test_what_is_no_batch_of_images_is_refused(images: Pixels) -> None:
    with pytest.raises(ValueError, match="uint8"):
        CORRUPTIONS[0].apply(images, 1)


def test_a_negative_seed_is_refused() -> None:
    with pytest.raises(ValueError, match="seed"):
        CORRUPTIONS[0].apply(load_photos(32), 1, -1)


def test_small_images_get_the_small_table() -> None:
    noise = get_corruption("gaussian_noise")
    assert noise.get_level(1, (28, SMALL_SIDE)) == (0.04,)
    assert noise.get_level(1, (28, SMALL_SIDE + 1)) == (0.08,)


@every_corruption
def test_grey_is_treated_as_a_colour_image_that_is_grey(corruption: Corruption) -> None:
    # What is drawn for every channel on its own, tinted, or given a hue cannot agree.
    if corruption.needs_colour:
        return
    grey = load_clothes()
    colour = np.repeat(grey, 3, axis=3)
    difference = corruption.apply(colour, 3, 2).astype(int) - corruption.apply(grey, 3, 2)
    assert (np.abs(difference).max() <= 1) == corruption.keeps_grey


def test_reading_the_registry_loads_nothing_heavy() -> None:
    code = (
        "import sys, dashboard.stress as s; [c.help for c in s.CORRUPTIONS];"
        "print(sorted({'torch', 'scipy', 'skimage', 'cv2', 'onnxruntime'} & sys.modules.keys()))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == "[]"
