"""Whatever the way in which a file stores colours, the same picture comes out."""

import struct

import numpy as np
import pytest
from PIL import Image, ImageCms

from dashboard.inference.images import decode_image
from tests.dashboard.inference.pictures import (
    BLUE,
    GREEN,
    RED,
    WHITE,
    encode,
    make_picture,
    make_png,
    read_corners,
)


@pytest.mark.parametrize("file_format", ["JPEG", "TIFF"])
def test_cmyk(file_format: str) -> None:
    photo = decode_image(encode(make_picture().convert("CMYK"), file_format))
    assert read_corners(photo.pixels) == [[RED, GREEN], [BLUE, WHITE]]
    assert "CMYK" in photo.notes[0]


@pytest.mark.parametrize("file_format", ["PNG", "TIFF"])
def test_sixteen_bit_grey_is_scaled_not_clipped(file_format: str) -> None:
    levels = np.array([0, 256, 32_767, 32_896, 65_535], np.uint16)  # 257 apart: one 8-bit step
    image = Image.fromarray(levels.repeat(64)[None].repeat(64, axis=0))
    assert image.mode == "I;16"
    photo = decode_image(encode(image, file_format))
    assert photo.pixels[0, 32::64, 0].tolist() == [0, 1, 127, 128, 255]
    assert photo.notes == ("Reduced to 8 bits a pixel.",)


def test_sixteen_bit_grey_in_the_other_byte_order() -> None:
    levels = np.array([0, 32_896, 65_535], ">u2").repeat(64)[None].repeat(64, axis=0)
    tags = [
        (256, 4, 192), (257, 4, 64), (258, 3, 16 << 16), (259, 3, 1 << 16), (262, 3, 1 << 16),
        (273, 4, 8 + 2 + 9 * 12 + 4), (277, 3, 1 << 16), (278, 4, 64), (279, 4, levels.nbytes),
    ]  # fmt: skip
    directory = b"".join(struct.pack(">HHII", tag, kind, 1, value) for tag, kind, value in tags)
    header = b"MM\0*" + struct.pack(">IH", 8, len(tags))
    photo = decode_image(header + directory + b"\0\0\0\0" + levels.tobytes())
    assert photo.pixels[0, 32::64, 0].tolist() == [0, 128, 255]


def test_sixteen_bit_colour() -> None:
    row = b"\0" + struct.pack(">3H", 65_535, 32_896, 0) * 64
    photo = decode_image(make_png(64, 64, bits=16, colour=2, data=row * 64))
    assert photo.pixels[0, 0].tolist() == [255, 128, 0]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.0, 0.5, 1.0], [0, 128, 255]),
        ([0.0, 100.0, 255.0], [0, 100, 255]),
        ([0.0, 32_896.0, 65_535.0], [0, 128, 255]),
        ([-1.0, 0.0, 1.0], [0, 128, 255]),
        ([float("nan"), 0.5, float("inf")], [0, 128, 255]),
    ],
)
def test_floating_point_finds_its_range(values: list[float], expected: list[int]) -> None:
    image = Image.fromarray(np.array(values, np.float32).repeat(64)[None].repeat(64, axis=0))
    assert image.mode == "F"
    photo = decode_image(encode(image, "TIFF"))
    assert photo.pixels[0, 32::64, 0].tolist() == expected


@pytest.mark.parametrize(("high", "grey"), [(255, 255), (65_535, 255), (10**9, 255)])
def test_thirty_two_bit_integers_find_their_range(high: int, grey: int) -> None:
    values = np.array([0, high], np.int32).repeat(64)[None].repeat(64, axis=0)
    photo = decode_image(encode(Image.fromarray(values), "TIFF"))
    assert photo.pixels[0, 32::64, 0].tolist() == [0, grey]


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGBA", "LA"])
def test_other_modes_show_the_same_picture(mode: str) -> None:
    black_and_white = Image.new("RGB", (128, 128), "black")
    black_and_white.paste("white", (64, 0, 128, 128))
    photo = decode_image(encode(black_and_white.convert(mode), "PNG"))
    assert read_corners(photo.pixels) == [[(0, 0, 0), WHITE], [(0, 0, 0), WHITE]]
    assert photo.notes == ()


def test_a_palette_with_transparency_lies_on_white() -> None:
    image = Image.new("P", (128, 128), 0)
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.paste(1, (64, 0, 128, 128))
    for file_format in ("PNG", "GIF"):
        photo = decode_image(encode(image, file_format, transparency=0))
        blue_right = [[WHITE, BLUE], [WHITE, BLUE]]
        assert read_corners(photo.pixels) == blue_right
        assert photo.notes == ("Transparent parts are shown on white.",)


@pytest.mark.parametrize("file_format", ["PNG", "WEBP", "TIFF"])
def test_half_transparent_is_half_white(file_format: str) -> None:
    image = Image.new("RGBA", (64, 64), (0, 0, 0, 128))
    options = {"lossless": True, "exact": True} if file_format == "WEBP" else {}
    photo = decode_image(encode(image, file_format, **options))
    np.testing.assert_array_equal(photo.pixels, 127)  # 255 x (1 - 128 / 255)
    assert photo.notes == ("Transparent parts are shown on white.",)


def test_grey_with_alpha_lies_on_white() -> None:
    photo = decode_image(encode(Image.new("LA", (64, 64), (0, 0)), "PNG"))
    np.testing.assert_array_equal(photo.pixels, 255)


def test_a_wide_gamut_is_left_alone_and_says_so() -> None:
    # A profile with another name: Pillow has no wide-gamut profile to hand.
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    wide = srgb.replace("sRGB".encode("utf-16-be"), "P3 D".encode("utf-16-be"))
    wide = wide.replace(b"sRGB", b"P3 D")
    assert wide != srgb
    picture = make_picture()
    plain = decode_image(encode(picture, "PNG", icc_profile=srgb))
    photo = decode_image(encode(picture, "PNG", icc_profile=wide))
    assert plain.notes == ()
    assert photo.notes == ("Its colour profile is not applied: its numbers are read as sRGB.",)
    np.testing.assert_array_equal(photo.pixels, plain.pixels)
