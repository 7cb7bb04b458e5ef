"""Files for the tests of decoding, built by Pillow or byte by byte."""

import io
import struct
import zlib
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

    def chunk(kind: bytes, body: bytes) -> bytes:
        checksum = zlib.crc32(kind + body)
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", checksum)

    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def make_webp_of_size(width: int, height: int) -> bytes:
    """Return a small lossless WebP file whose header claims another size."""
    data = bytearray(encode(Image.new("RGB", (8, 8)), "WEBP", lossless=True))
    assert data[12:16] == b"VP8L"
    # After a signature byte: width - 1 and height - 1 in 14 bits each (WebP lossless format).
    (bits,) = struct.unpack_from("<I", data, 21)
    struct.pack_into("<I", data, 21, (bits >> 28 << 28) | (height - 1) << 14 | (width - 1))
    return bytes(data)
