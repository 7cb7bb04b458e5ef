"""What files say of themselves."""

import pytest

from dashboard.uploads.hints import read_hints
from dashboard.uploads.spec import (
    NORMALIZATIONS,
    Normalization,
)

RAW, UNIT, SYMMETRIC, IMAGENET, LITE, CAFFE, RAW_BGR = NORMALIZATIONS


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ({}, None),
        ({"Image.NominalPixelRange": "NominalRange_0_255"}, RAW),
        ({"image.nominalpixelrange": "normalized_0_1"}, UNIT),
        ({"Image.NominalPixelRange": "Normalized_1_1"}, SYMMETRIC),
        ({"Image.NominalPixelRange": "Nonsense"}, None),
        ({"task": "classify", "stride": "1"}, UNIT),
        ({"task": "detect", "stride": "32"}, None),
        ({"mean": "127", "std": "x"}, None),
        ({"mean": "[0, 0, 0]", "std": "[0, 0, 0]"}, None),
    ],
)
def test_how_pixels_are_meant_in_known_metadata(
    metadata: dict[str, str], expected: Normalization | None
) -> None:
    assert read_hints(metadata).normalization == expected


def test_custom_vision_says_bgr() -> None:
    found = read_hints(
        {"Image.BitmapPixelFormat": "Bgr8", "Image.NominalPixelRange": "NominalRange_0_255"}
    )
    assert found.channels == 3
    assert found.normalization is not None
    assert found.normalization.order == "BGR"
    assert (found.normalization.mean, found.normalization.std) == (RAW.mean, RAW.std)


def test_a_mean_and_a_deviation_in_either_unit() -> None:
    small = read_hints({"mean": "0.5,0.5,0.5", "std": "0.25, 0.25, 0.25"}).normalization
    large = read_hints({"mean": "(127.5)", "std": "[63.75]"}).normalization
    assert small is not None and large is not None
    assert small.mean == large.mean == (127.5, 127.5, 127.5)
    assert small.std == large.std == (63.75, 63.75, 63.75)


def test_class_names_as_ultralytics_writes_them() -> None:
    names = """{0: 'tench', 1: "bull's eye", 2: 'great white shark'}"""
    found = read_hints({"names": names, "imgsz": "[224, 192]", "task": "classify", "stride": "1"})
    assert found.labels == ("tench", "bull's eye", "great white shark")
    assert found.size == (224, 192)


@pytest.mark.parametrize("text", ["{0: 'a', 2: 'c'}", "{" * 50_000, "[1, 2]", "", "[]"])
def test_class_names_that_make_no_sense_are_passed_over(text: str) -> None:
    assert read_hints({"names": text}).labels == ()
