"""What a file is, judged by its bytes: names and MIME types are only claims."""

from __future__ import annotations

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF")

_LIST = "PNG, JPEG, WebP, BMP, GIF or TIFF"

_READABLE_STARTS = (
    b"\x89PNG",
    b"\xff\xd8",
    b"BM",
    b"GIF8",
    b"II*\x00",
    b"MM\x00*",
    b"II+\x00",
    b"MM\x00+",
)

# The brand after "ftyp" in an ISO base media file (ISO/IEC 14496-12; HEIF: 23008-12).
_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
_AVIF_BRANDS = {b"avif", b"avis"}

_OTHER_STARTS = {
    b"%PDF": "This is a PDF document, not a photo: export the page as PNG or JPEG and send that.",
    b"MZ": f"This is a program, not a photo: send a {_LIST} file.",
    b"\x7fELF": f"This is a program, not a photo: send a {_LIST} file.",
    b"PK\x03\x04": "This is a ZIP archive or a document: unpack it and send the photo itself.",
    b"8BPS": "This is a Photoshop file: export it as PNG or JPEG and send that.",
}

# Far enough to pass a byte order mark, an XML declaration, a licence comment and a doctype.
_MARKUP_BYTES = 4096


def describe_unreadable(data: bytes) -> str:
    """Return one sentence on why ``data`` is no photo that can be read, and what to do."""
    if is_readable_format(data):
        return "The file is damaged or cut off: save or download the photo again and send that."
    if data[4:8] == b"ftyp":
        return _describe_media(data[8:12])
    for start, sentence in _OTHER_STARTS.items():
        if data.startswith(start):
            return sentence
    # UTF-16 text holds a zero byte beside each letter.
    text = data[:_MARKUP_BYTES].replace(b"\0", b"").lower()
    if b"<svg" in text:
        return "This is an SVG drawing, not a photo: export it as PNG and send that."
    if b"<html" in text or b"<!doctype html" in text:
        return "This is a web page, not a photo: save the picture itself and send that."
    return f"This is not a photo that can be read: send a {_LIST} file."


def is_readable_format(data: bytes) -> bool:
    """Return whether ``data`` starts as one of ``FORMATS`` does."""
    return data.startswith(_READABLE_STARTS) or (data[:4] == b"RIFF" and data[8:12] == b"WEBP")


def _describe_media(brand: bytes) -> str:
    if brand in _HEIC_BRANDS:
        return "This is a HEIC photo, as phones save them: export it as JPEG and send that."
    if brand in _AVIF_BRANDS:
        return "This is an AVIF picture: export it as PNG or JPEG and send that."
    return f"This is a video or sound, not a photo: send a {_LIST} file."
