"""Every bad file gives one sentence that says what to do, and never a traceback."""

import struct
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from dashboard.inference.images import MAX_PIXELS, MAX_WEBP_PIXELS, ImageError, decode_image
from tests.dashboard.inference.pictures import (
    BLUE,
    GREEN,
    RED,
    WHITE,
    encode,
    join_png,
    make_picture,
    make_png,
    make_webp_of_size,
    read_corners,
    split_png,
)


def read_sentence(data: bytes) -> str:
    """Return what the reader is told of a file that is refused: one sentence, no traceback."""
    with pytest.raises(ImageError) as caught:
        decode_image(data)
    sentence = str(caught.value)
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert ": " in sentence  # what is wrong: what to do
    return sentence


def test_an_empty_file() -> None:
    assert read_sentence(b"") == "The file is empty: choose the photo again."


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"MZ\x90\x00\x03" + b"\0" * 200, "a program"),
        (b"\x7fELF\x02\x01" + b"\0" * 200, "a program"),
        (b"%PDF-1.7\n", "a PDF document"),
        (b"PK\x03\x04" + b"\0" * 60, "a ZIP archive"),
        (b"8BPS\x00\x01" + b"\0" * 60, "a Photoshop file"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "a HEIC photo"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", "a HEIC photo"),
        (b"\0\0\0\x1cftypavif\0\0\0\0avifmif1", "an AVIF picture"),
        (b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom", "a video or sound"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "an SVG drawing"),
        (b"\xef\xbb\xbf<?xml version='1.0'?>\n<!-- by hand -->\n<svg/>", "an SVG drawing"),
        ("<?xml version='1.0'?><svg/>".encode("utf-16"), "an SVG drawing"),
        (b"<!DOCTYPE html><p>Not found</p>", "a web page"),
        (b"just some words", "not a photo"),
        (b"\0", "not a photo"),
        (bytes(range(256)) * 40, "not a photo"),
    ],
)
def test_what_is_no_photo_is_called_by_its_name(data: bytes, said: str) -> None:
    assert said in read_sentence(data)


def test_heic_and_svg_say_what_to_do() -> None:
    assert "export it as JPEG" in read_sentence(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")
    assert "export it as PNG" in read_sentence(b"<svg/>")


@pytest.mark.parametrize("file_format", ["ICO", "PPM", "TGA", "PCX"])
def test_a_format_that_pillow_knows_and_the_page_does_not_offer(file_format: str) -> None:
    assert "send a PNG, JPEG, WebP" in read_sentence(encode(make_picture(64, 64), file_format))


# --- What is damaged ----------------------------------------------------------------------------


@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF"])
@pytest.mark.parametrize("part", [0.02, 0.3, 0.9])
def test_a_truncated_file(file_format: str, part: float) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    data = encode(Image.fromarray(noise), file_format)
    assert "damaged or cut off" in read_sentence(data[: max(16, int(len(data) * part))])


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
@pytest.mark.parametrize("exif", ["none", "before", "behind"])
@pytest.mark.parametrize("end", ["wrong bytes", "too few bytes", "early end"])
def test_a_png_whose_pixels_break_off(end: str, exif: str, mode: str) -> None:
    # Every checksum is right: only who unpacks the pixels can tell.
    noise = np.random.default_rng(0).integers(0, 256, (200, 200), dtype=np.uint8)
    image = Image.fromarray(noise)
    image = Image.fromarray(noise.astype(np.uint16)) if mode == "I;16" else image.convert(mode)
    chunks = split_png(encode(image, "PNG", compress_level=9))
    (header, *middle) = [chunk for chunk in chunks if chunk[0] not in (b"IDAT", b"IEND")]
    packed = b"".join(body for kind, body in chunks if kind == b"IDAT")
    half = len(packed) // 2
    broken = {
        "wrong bytes": packed[:half] + bytes([packed[half] ^ 255]) * (len(packed) - half),
        "too few bytes": packed[:half],
        "early end": zlib.compress(zlib.decompress(packed)[: len(noise) // 2]),
    }
    turned = [(b"eXIf", b"II*\0\x08\0\0\0\x01\0\x12\1\3\0\1\0\0\0\6\0\0\0\0\0\0\0")]
    before, behind = (turned if exif == place else [] for place in ("before", "behind"))
    for pixels in (broken[end], packed):
        body = [(b"IDAT", pixels[:100]), (b"IDAT", pixels[100:])]
        data = join_png([header, *middle, *before, *body, *behind, (b"IEND", b"")])
        if pixels is not packed:
            assert "damaged or cut off" in read_sentence(data)
        else:  # and whole it is a photo, turned as the file asks
            asked = "Turned upright, as the file asks."
            assert (asked in decode_image(data).notes) is (exif != "none")


@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF"])
def test_random_damage_gives_a_photo_or_a_sentence(file_format: str) -> None:
    intact = encode(make_picture(), file_format)
    random = np.random.default_rng(1)
    for _ in range(150):
        data = bytearray(intact)
        for position in random.integers(0, len(data), 4):
            data[position] = random.integers(0, 256)
        try:
            photo = decode_image(bytes(data))
        except ImageError as error:
            assert str(error).endswith(".")
        else:
            assert photo.pixels.shape[2] == 3


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
def test_broken_metadata_does_not_break_the_photo() -> None:
    data = encode(make_picture(), "PNG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff rubbish")
    assert read_corners(decode_image(data).pixels) == [[RED, GREEN], [BLUE, WHITE]]


# --- What is too large --------------------------------------------------------------------------


def test_a_decompression_bomb_is_refused_by_its_header() -> None:
    # A hundred bytes of file claim 20,000 x 20,000 pixels: 1.2 GB if anything decoded them.
    bomb = make_png(20_000, 20_000, data=bytes(100_000))
    assert "at most 50 megapixels" in read_sentence(bomb)


@pytest.mark.parametrize("file_format", ["GIF", "BMP", "TIFF"])
def test_twenty_thousand_squared_is_refused_in_any_format(file_format: str) -> None:
    data = bytearray(encode(Image.new("L", (8, 8)), file_format))
    if file_format == "GIF":
        struct.pack_into("<HH", data, 6, 20_000, 20_000)
    elif file_format == "BMP":
        struct.pack_into("<ii", data, 18, 20_000, 20_000)
    else:
        image = Image.new("1", (20_000, 20_000))
        data = bytearray(encode(image, "TIFF", compression="group4"))
    assert "at most 50 megapixels" in read_sentence(bytes(data))


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_just_above_the_limit_is_refused_and_just_below_is_not_for_its_size() -> None:
    height = MAX_PIXELS // 5000
    assert "megapixels" in read_sentence(make_png(5000, height + 1))
    assert "damaged" in read_sentence(make_png(5000, height))  # it holds no rows at all


def test_webp_has_a_lower_limit_since_its_decoder_needs_more_memory() -> None:
    assert MAX_WEBP_PIXELS == 4096 * 4096
    assert "at most 16 megapixels" in read_sentence(make_webp_of_size(4096, 4097))
    assert "megapixels" in read_sentence(make_webp_of_size(16_000, 16_000))


def test_the_limit_holds_in_every_thread() -> None:
    bomb = make_png(20_000, 20_000)
    with ThreadPoolExecutor(8) as pool:
        assert all("megapixels" in said for said in pool.map(read_sentence, [bomb] * 64))


def test_colours_that_no_screen_shows_say_so() -> None:
    lab = Image.new("LAB", (64, 64), (50, 0, 0))
    assert "stored as LAB" in read_sentence(encode(lab, "TIFF"))
