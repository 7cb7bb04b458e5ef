"""Files for the tests of decoding, built by Pillow or byte by byte."""

import io
import struct
import zlib
from collections.abc import Iterable
from typing import Any

import numpy as np
from PIL import Image

# Four quadrants of four colours: turning or mirroring any way gives another picture.
RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)
CORNERS = np.array([[RED, GREEN], [BLUE, WHITE]], np.uint8)


def make_picture(width: int = 128, height: int = 96) -> Image.Image:
    """Return the four quadrants."""
    pixels = CORNERS.repeat(height // 2, axis=0).repeat(width // 2, axis=1)
    return Image.fromarray(pixels)


def encode(image: Image.Image, file_format: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, file_format, **options)
    return buffer.getvalue()


def read_corners(pixels: Any) -> list[list[tuple[int, ...]]]:
    """Return the colours in the middle of the quadrants, each channel rounded to 0 or 255."""
    height, width = pixels.shape[:2]
    rows, columns = (height // 4, 3 * height // 4), (width // 4, 3 * width // 4)
    bright = (pixels > 127) * 255
    return [[tuple(bright[row, column].tolist()) for column in columns] for row in rows]


def make_png(width: int, height: int, bits: int = 8, colour: int = 2, data: bytes = b"") -> bytes:
    """Return a PNG file with any header; ``data`` are its uncompressed rows."""
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    return join_png([(b"IHDR", header), (b"IDAT", zlib.compress(data)), (b"IEND", b"")])


def join_png(chunks: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Return a PNG file of chunks (kind, body), each with its right checksum."""
    parts = [b"\x89PNG\r\n\x1a\n"]
    for kind, body in chunks:
        checksum = struct.pack(">I", zlib.crc32(kind + body))
        parts += [struct.pack(">I", len(body)), kind, body, checksum]
    return b"".join(parts)


def split_png(data: bytes) -> list[tuple[bytes, bytes]]:
    """Return the chunks of a PNG file, (kind, body) each."""
    chunks, at = [], 8
    while at < len(data):
        (length,) = struct.unpack_from(">I", data, at)
        chunks.append((data[at + 4 : at + 8], data[at + 8 : at + 8 + length]))
        at += length + 12
    return chunks


def make_webp_of_size(width: int, height: int) -> bytes:
    """Return a small lossless WebP file whose header claims another size."""
    data = bytearray(encode(Image.new("RGB", (8, 8)), "WEBP", lossless=True))
    assert data[12:16] == b"VP8L"
    # After a signature byte: width - 1 and height - 1 in 14 bits each (WebP lossless format).
    (bits,) = struct.unpack_from("<I", data, 21)
    struct.pack_into("<I", data, 21, (bits >> 28 << 28) | (height - 1) << 14 | (width - 1))
    return bytes(data)
