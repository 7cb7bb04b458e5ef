"""What costs more than its pixels is refused before it is opened, and what is usual is not."""

import struct
from typing import Any

import numpy as np
import pytest
from PIL import Image

from dashboard.inference.headers import MAX_ENTRIES, MAX_EXIF_SEGMENTS, MAX_SCANS, find_excess
from dashboard.inference.images import (
    MAX_KEPT_PIXELS,
    MAX_PIXELS,
    MAX_SIDE,
    ImageError,
    compute_kept_size,
    decode_image,
)
from tests.dashboard.inference.pictures import encode, join_png, make_picture, make_png, split_png

SHORT, LONG, RATIONAL, LONG8 = 3, 4, 5, 16
SIZES = {1: 1, 2: 1, 7: 1, SHORT: 2, LONG: 4, RATIONAL: 8, LONG8: 8}  # bytes of a value by type


def make_directory(
    *tags: tuple[int, int, list[int]], order: str = "<", is_big: bool = False, page: bytes = b""
) -> bytes:
    """Return a TIFF of one directory, tags (tag, type, values) in it, and ``page`` for pixels."""
    head, number, room = (16, "Q", 8) if is_big else (8, "I", 4)
    at = head + (8 if is_big else 2) + len(tags) * (20 if is_big else 12) + room
    entries, blobs = b"", page
    for tag, kind, values in tags:
        letter = {1: "B", SHORT: "H", LONG: "I", RATIONAL: "II", LONG8: "Q"}.get(kind, "B")
        body = struct.pack(order + letter * (len(values) // len(letter)), *values)
        if len(body) > room:
            where = struct.pack(order + number, at + len(blobs))
            blobs += body
        else:
            where = body.ljust(room, b"\0")
        entries += struct.pack(f"{order}HH{number}", tag, kind, len(body) // SIZES[kind]) + where
    mark = b"II" if order == "<" else b"MM"
    version = struct.pack(order + "HI", 42, 8)
    if is_big:
        version = struct.pack(order + "HHHQ", 43, 8, 0, 16)
    count = struct.pack(order + ("Q" if is_big else "H"), len(tags))
    return mark + version + count + entries + bytes(room) + blobs


def make_tiff(n: int, table: int = 273, kind: int = 1, **options: Any) -> bytes:
    """Return a grey 64 x 64 TIFF whose table, one of strips unless told, has ``n`` values."""
    one = {
        **{256: 64, 257: 64, 258: 8, 259: 1, 262: 1, 277: 1},
        **({322: 16, 323: 16} if table == 324 else {278: 1, 279: 64}),
    }
    tags = [(tag, LONG, [value]) for tag, value in one.items() if tag != table]
    values = [8] * (2 * n if kind == RATIONAL else n)
    return make_directory(*sorted([*tags, (table, kind, values)]), **options)


def make_scans(n: int) -> bytes:
    """Return a progressive grey 64 x 64 JPEG of a first scan and ``n`` - 1 that add nothing."""

    def segment(mark: int, body: bytes) -> bytes:
        return b"\xff" + bytes([mark]) + struct.pack(">H", len(body) + 2) + body

    code = bytes([1] + [0] * 15)  # one code, of one bit
    first = segment(0xDA, b"\1\1\0\0\0\0") + bytes(64 // 8 + 1)
    # One run over the 64 blocks: end of band 6 (2^6 of them, and six bits of how many more).
    more = segment(0xDA, b"\1\1\0\1\x3f\0") + bytes([0b00000001])
    return b"".join(
        [
            b"\xff\xd8",
            segment(0xDB, b"\0" + b"\1" * 64),
            segment(0xC2, struct.pack(">BHHB", 8, 64, 64, 1) + b"\1\x11\0"),
            segment(0xC4, b"\0" + code + b"\0"),
            segment(0xC4, b"\x10" + code + b"\x60"),
            first,
            more * (n - 1),
            b"\xff\xd9",
        ]
    )


def add_exif(data: bytes, exif: bytes, n_segments: int = 1) -> bytes:
    """Return a JPEG with its EXIF in segments."""
    size = -(-len(exif) // n_segments)
    parts = [exif[start : start + size] for start in range(0, len(exif), size)]
    segments = [
        b"\xff\xe1" + struct.pack(">H", len(part) + 8) + b"Exif\0\0" + part for part in parts
    ]
    return data[:2] + b"".join(segments) + data[2:]


def read_sentence(data: bytes) -> str:
    with pytest.raises(ImageError) as caught:
        decode_image(data)
    assert str(caught.value).endswith(".") and ": " in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "BMP", "GIF", "TIFF"])
@pytest.mark.parametrize("is_wide", [False, True])
def test_a_side_is_bounded_in_every_format(file_format: str, is_wide: bool) -> None:
    for side in (MAX_SIDE, MAX_SIDE + 1):
        image = Image.new("L", (side, 1) if is_wide else (1, side), 255)
        data = encode(image, file_format)
        if side > MAX_SIDE:
            assert "longer than 30,000 pixels on a side" in read_sentence(data)
        else:
            assert decode_image(data).pixels.shape[:2] == image.size[::-1]


def test_the_longest_line_that_the_number_of_pixels_allows_is_refused() -> None:
    line = make_png(MAX_PIXELS, 1, bits=1, colour=0, data=bytes(MAX_PIXELS // 8 + 2))
    assert "on a side" in read_sentence(line)


def test_whatever_is_not_too_long_is_kept_small() -> None:
    for height in (1, 2, 34, 35, 36, 100, 1683):
        width, height = compute_kept_size(MAX_SIDE, height)
        assert width * height <= MAX_KEPT_PIXELS


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("is_big", [False, True])
@pytest.mark.parametrize("kind", SIZES)
@pytest.mark.parametrize("table", [273, 279, 324, 258, 282, 320, 274, 50_000])
def test_a_long_table_is_refused(table: int, kind: int, is_big: bool, order: str) -> None:
    said = find_excess(make_tiff(MAX_ENTRIES + 1, table, kind, order=order, is_big=is_big))
    is_text = table == 50_000 and kind in (1, 2, 7)
    assert (said is None) is is_text
    assert find_excess(make_tiff(MAX_ENTRIES, table, kind, order=order, is_big=is_big)) is None


def test_strips_and_tiles_are_refused_in_one_sentence() -> None:
    for table in (273, 324):
        said = read_sentence(make_tiff(1_000_000, table))
        assert said.startswith("The TIFF file lists more than 100,000 strips, tiles")
    assert decode_image(make_tiff(64)).pixels.shape == (64, 64, 3)


def test_only_the_page_that_is_shown_counts() -> None:
    page = encode(Image.new("L", (64, 64), 7), "TIFF")
    table = make_tiff(MAX_ENTRIES + 1)
    (start,) = struct.unpack_from("<I", page, 4)
    (count,) = struct.unpack_from("<H", page, start)
    after = start + 2 + 12 * count  # where the offset of the next page stands
    both = page[:after] + struct.pack("<I", len(page) + 8) + page[after + 4 :] + table
    assert decode_image(both).notes == ("First page of several.",)


def test_a_directory_of_too_many_tags_is_such_a_table() -> None:
    head = b"II+\0" + struct.pack("<HHQQ", 8, 0, 16, MAX_ENTRIES + 1)
    assert "TIFF" in read_sentence(head + bytes(20) * (MAX_ENTRIES + 1))


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data", "ignore:Truncated File Read")
@pytest.mark.parametrize("cut", [3, 7, 9, 20, 100])
def test_a_header_that_is_cut_off_is_damaged(cut: int) -> None:
    for order, is_big in (("<", False), (">", False), ("<", True)):
        data = make_tiff(64, order=order, is_big=is_big)[:cut]
        assert find_excess(data) is None
        assert "TIFF" in read_sentence(data) or "damaged" in read_sentence(data)


def test_long_texts_of_a_tiff_are_no_tables() -> None:
    image = make_picture()
    tags = {270: "A long description. " * 10_000, 700: b"<x:xmpmeta/>" * 20_000}
    data = encode(image, "TIFF", tiffinfo=tags, icc_profile=bytes(200_000))
    assert decode_image(data).pixels.shape == (96, 128, 3)


def test_a_photo_of_many_rows_a_strip_each_is_read() -> None:
    image = Image.new("RGB", (4, MAX_SIDE), (1, 2, 3))
    data = encode(image, "TIFF", compression="tiff_lzw", strip_size=1)
    assert decode_image(data).pixels[-1, 0].tolist() == [1, 2, 3]


def test_scans_are_counted() -> None:
    assert decode_image(make_scans(MAX_SCANS)).pixels.shape == (64, 64, 3)
    said = read_sentence(make_scans(MAX_SCANS + 1))
    assert said.startswith("The photo is stored in more than 500 passes")


def test_scans_after_bytes_that_fill_are_counted_too() -> None:
    filled = make_scans(MAX_SCANS + 1).replace(b"\xff\xda", b"\xff\xff\xda")
    assert "passes" in read_sentence(filled)


def test_progressive_photos_with_a_preview_and_a_second_view_are_read() -> None:
    views = [make_picture(512, 512), make_picture(512, 512)]
    exif = Image.Exif()
    exif[274] = 3
    data = encode(
        views[0], "MPO", save_all=True, append_images=views[1:], progressive=True, exif=exif
    )
    assert decode_image(data).notes == ("Turned upright, as the file asks.",)


def test_what_a_phone_adds_behind_a_photo_is_no_scan() -> None:
    film = np.random.default_rng(0).integers(0, 256, 6 << 20, dtype=np.uint8).tobytes()
    assert film.count(b"\xff\xda") > 50  # by chance
    assert decode_image(encode(make_picture(), "JPEG") + film).pixels.shape == (96, 128, 3)


@pytest.mark.parametrize("kind", [SHORT, LONG, RATIONAL])
@pytest.mark.parametrize("prefix", [b"", b"Exif\0\0", b"Exif\0\0Exif\0\0"])
def test_a_long_table_in_exif_is_not_read(
    prefix: bytes, kind: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[Image.Image] = []

    def get_exif(image: Image.Image) -> Image.Exif:
        read.append(image)  # it would make an object of every number
        return Image.Exif()

    monkeypatch.setattr(Image.Image, "getexif", get_exif)
    values = [6] * (2 if kind == RATIONAL else 1) * (MAX_ENTRIES + 1)
    exif = prefix + make_directory((274, kind, values))
    in_png = exif.removeprefix(b"Exif\0\0")  # to which Pillow adds the mark
    header, *rest = split_png(encode(make_picture(), "PNG"))
    files = [
        join_png([header, (b"eXIf", in_png), *rest]),
        encode(make_picture(), "WEBP", lossless=True, exif=exif),
    ]
    for data in files:
        assert decode_image(data).notes == ()
    assert not read


def test_exif_in_very_many_segments_is_refused() -> None:
    photo = encode(make_picture(), "JPEG")
    exif = make_directory((274, SHORT, [3]), page=bytes(20_000))
    turned = decode_image(add_exif(photo, exif, MAX_EXIF_SEGMENTS))
    assert turned.notes == ("Turned upright, as the file asks.",)
    assert "metadata" in read_sentence(add_exif(photo, exif, MAX_EXIF_SEGMENTS + 1))
