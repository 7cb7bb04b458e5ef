"""What of a picture's file would cost far more than its pixels, found before Pillow opens it.

Pillow bounds the pixels. It makes an object of every number that a TIFF's table lists, though, and
libjpeg goes over the whole picture once for every scan, of which a file may hold as many as fit.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

# A TIFF of 30,000 rows, each a strip in each of three planes, has 90,000: half a second of work.
MAX_ENTRIES = 100_000
MAX_SCANS = 500  # progressive photos have about ten; libjpeg-turbo's own tools advise 500
MAX_EXIF_SEGMENTS = 16  # of 64 KB; Pillow joins them, and a phone's second view has its own

_SCAN, _EXIF = b"\xff\xda", b"Exif\0\0"

_BIG_TIFF = 43  # 42 is a usual one
_TEXTS_AND_BYTES = (1, 2, 7)  # types that stay as they are: BYTE, ASCII, UNDEFINED
# Below this tag even those are read number by number (tables of strips, tiles and colours), but
# for the description, which may be a long text. TIFF 6.0's JPEG tables are the first blob.
_FIRST_BLOB, _DESCRIPTION = 347, 270


def find_excess(data: bytes) -> str | None:
    """Return one sentence on what makes a file too costly to open, None where nothing does."""
    if data.startswith(b"\xff\xd8"):
        # Both marks can only be counted too often (in a preview, or by chance, once in 64 KB of
        # what is no picture), never too rarely: each scan and each segment begins with its own.
        if data.count(_SCAN) > MAX_SCANS:
            return (
                f"The photo is stored in more than {MAX_SCANS} passes: "
                "save it again as JPEG or PNG and send that."
            )
        if data.count(_EXIF) > MAX_EXIF_SEGMENTS:
            return (
                f"The photo's metadata are in more than {MAX_EXIF_SEGMENTS} pieces: "
                "save it again as JPEG or PNG and send that."
            )
    if is_table_too_long(data):
        return (
            f"The TIFF file lists more than {MAX_ENTRIES:,} strips, tiles or other numbers: "
            "save the photo as JPEG or PNG and send that."
        )
    return None


def is_table_too_long(data: bytes) -> bool:
    """Return whether the first directory of a TIFF, or of EXIF, lists too many numbers.

    The others are other pages, which are not read.
    """
    return any(
        count > MAX_ENTRIES and not _is_blob(tag, kind) for tag, kind, count in _list_tags(data)
    )


def _is_blob(tag: int, kind: int) -> bool:
    return kind in _TEXTS_AND_BYTES and (tag >= _FIRST_BLOB or tag == _DESCRIPTION)


def _list_tags(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield (tag, type, how many values) as Pillow reads them; nothing where it is no TIFF."""
    for _ in range(2):  # the mark of EXIF, which Pillow passes over twice
        data = data.removeprefix(_EXIF)
    if data[:2] not in (b"II", b"MM"):
        return
    order = "<" if data.startswith(b"II") else ">"
    # Of the four kinds of header, Pillow takes the big one of big-endian files for a usual one.
    if data[2:3] != bytes([_BIG_TIFF]):
        yield from _read_directory(data, struct.Struct(f"{order}HHI4x"), f"{order}4xI", f"{order}H")
    if _BIG_TIFF in data[2:4]:
        yield from _read_directory(data, struct.Struct(f"{order}HHQ8x"), f"{order}8xQ", f"{order}Q")


def _read_directory(
    data: bytes, entry: struct.Struct, header: str, length: str
) -> Iterator[tuple[int, int, int]]:
    try:
        (start,) = struct.unpack_from(header, data)
        (count,) = struct.unpack_from(length, data, start)
    except (struct.error, OverflowError):  # cut off, or far outside of the file
        return
    if count > MAX_ENTRIES:
        yield 0, 0, count  # the directory is such a table itself
        return
    start += struct.calcsize(length)
    end = min(start + count * entry.size, len(data))
    yield from entry.iter_unpack(data[start : end - (end - start) % entry.size])
