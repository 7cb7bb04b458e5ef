"""Good files of every kind give the right picture. How it is stored: see test_colours.py."""

import hashlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from dashboard.inference.images import MAX_KEPT_PIXELS, compute_kept_size, decode_image
from tests.dashboard.inference.pictures import (
    BLUE,
    GREEN,
    RED,
    WHITE,
    encode,
    make_picture,
    read_corners,
)


@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF"])
def test_every_format_shows_the_picture(file_format: str) -> None:
    data = encode(make_picture(), file_format)
    photo = decode_image(data)
    assert photo.pixels.shape == (96, 128, 3)
    assert photo.pixels.dtype == np.uint8
    assert read_corners(photo.pixels) == [[RED, GREEN], [BLUE, WHITE]]
    assert photo.notes == ()
    assert photo.sha256 == hashlib.sha256(data).hexdigest()


def test_a_lossless_file_keeps_every_pixel() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (70, 90, 3), dtype=np.uint8)
    photo = decode_image(encode(Image.fromarray(pixels), "PNG"))
    np.testing.assert_array_equal(photo.pixels, pixels)


def test_a_photo_cannot_be_written_to() -> None:
    photo = decode_image(encode(make_picture(), "PNG"))
    with pytest.raises(ValueError, match="read-only"):
        photo.pixels[0, 0] = 0


@pytest.mark.parametrize("file_format", ["JPEG", "PNG"])
def test_a_large_photo_is_shrunk_and_says_so(file_format: str) -> None:
    photo = decode_image(encode(make_picture(6000, 4000), file_format))
    height, width = photo.pixels.shape[:2]
    assert (width, height) == (1254, 836)
    assert width * height <= MAX_KEPT_PIXELS
    assert read_corners(photo.pixels) == [[RED, GREEN], [BLUE, WHITE]]
    assert photo.notes == ("Shrunk from 24.0 to 1.0 megapixels.",)


def test_shrinking_averages() -> None:
    # Stripes one pixel wide are grey from afar, also where two strips of the photo meet.
    stripes = np.zeros((3000, 3000), np.uint8)
    stripes[::2] = 255
    pixels = decode_image(encode(Image.fromarray(stripes), "PNG")).pixels
    assert abs(pixels.mean() - 127.5) < 1
    assert pixels[100:-100].std() < 45


@pytest.mark.parametrize(
    ("size", "kept"),
    [
        ((1, 1), (1, 1)),
        ((1024, 1024), (1024, 1024)),
        ((1, 10_000), (1, 10_000)),
        ((2048, 2048), (1024, 1024)),
        ((6000, 4000), (1254, 836)),
        ((30_000, 1), (30_000, 1)),
        ((1683, 30_000), (242, 4323)),
    ],
)
def test_the_kept_size_keeps_the_shape(size: tuple[int, int], kept: tuple[int, int]) -> None:
    assert compute_kept_size(*size) == kept


def test_one_pixel() -> None:
    photo = decode_image(encode(Image.new("RGB", (1, 1), (1, 2, 3)), "PNG"))
    assert photo.pixels.tolist() == [[[1, 2, 3]]]
    assert photo.notes == ("Only 1 × 1 pixels: the network sees it much enlarged.",)


@pytest.mark.parametrize("size", [(1, 10_000), (10_000, 1)])
def test_a_line_keeps_every_pixel(size: tuple[int, int]) -> None:
    photo = decode_image(encode(Image.new("RGB", size, (9, 8, 7)), "PNG"))
    assert photo.pixels.shape == (size[1], size[0], 3)
    assert (photo.pixels == (9, 8, 7)).all()


@pytest.mark.parametrize("file_format", ["GIF", "WEBP", "PNG"])
def test_the_first_frame_of_an_animation(file_format: str) -> None:
    frames = [Image.new("RGB", (64, 64), colour) for colour in ("red", "green", "blue")]
    data = encode(frames[0], file_format, save_all=True, append_images=frames[1:], duration=100)
    photo = decode_image(data)
    assert photo.pixels[0, 0, 0] > 250
    assert photo.pixels[0, 0, 1:].max() < 5
    assert photo.notes == ("First frame of an animation.",)


def test_the_first_page_of_several() -> None:
    pages = [Image.new("RGB", (64, 64), colour) for colour in ("red", "blue")]
    photo = decode_image(encode(pages[0], "TIFF", save_all=True, append_images=pages[1:]))
    assert photo.pixels[0, 0].tolist() == [255, 0, 0]
    assert photo.notes == ("First page of several.",)


def test_a_phones_two_views_are_no_animation() -> None:
    views = [make_picture(), make_picture()]
    photo = decode_image(encode(views[0], "MPO", save_all=True, append_images=views[1:]))
    assert photo.notes == ()


# How each EXIF orientation stores the upright picture (EXIF 2.32, tag 274).
STORED = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", STORED)
def test_every_orientation_is_turned_upright_once(orientation: int, file_format: str) -> None:
    exif = Image.Exif()
    exif[274] = orientation
    stored = make_picture().transpose(STORED[orientation])
    photo = decode_image(encode(stored, file_format, exif=exif))
    assert photo.pixels.shape == (96, 128, 3)
    assert read_corners(photo.pixels) == [[RED, GREEN], [BLUE, WHITE]]
    assert photo.notes == ("Turned upright, as the file asks.",)


def test_a_large_turned_photo_is_upright_too() -> None:
    exif = Image.Exif()
    exif[274] = 6
    stored = make_picture(3000, 2000).transpose(STORED[6])
    photo = decode_image(encode(stored, "JPEG", exif=exif))
    assert photo.pixels.shape[1] > photo.pixels.shape[0]
    assert read_corners(photo.pixels) == [[RED, GREEN], [BLUE, WHITE]]


def test_many_threads_decode_the_same_photo() -> None:
    data = encode(make_picture(3000, 2000), "JPEG")
    with ThreadPoolExecutor(8) as pool:
        photos = list(pool.map(decode_image, [data] * 16))
    for photo in photos[1:]:
        np.testing.assert_array_equal(photo.pixels, photos[0].pixels)
