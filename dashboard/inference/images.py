"""From the bytes of an untrusted file to a photo, or to one sentence that says what to do.

A file is judged by its content. Its size is read from the header before anything is decoded, and
a photo is shrunk while it is decoded, so that memory stays bounded whatever is sent.
"""

from __future__ import annotations

import hashlib
import math
import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from io import BytesIO
from threading import Lock

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageFile, UnidentifiedImageError

from dashboard.inference.colours import (
    DEEP_MODES,
    MODES,
    find_range,
    is_see_through,
    to_rgb,
)
from dashboard.inference.formats import FORMATS, describe_unreadable
from dashboard.inference.headers import find_excess, is_table_too_long

MAX_PIXELS = 50_500_000  # the cameras of phones reach 8192 x 6144
MAX_WEBP_PIXELS = 4096 * 4096  # its decoder needs 16 bytes a pixel, the others at most 6
MAX_KEPT_PIXELS = 1024 * 1024  # 3 MB a photo, and still four times what a network looks at
MAX_SIDE = 30_000  # phones make panoramas of half of it; a line of millions could not be kept small
MIN_SIDE = 64

# One large file is decoded at a time, so that many visitors cannot add up their memory.
_LARGE_PIXELS = 4_000_000
_ONE_LARGE_FILE = Lock()

_STRIP_PIXELS = 1 << 20

# Pillow's own guard, for sizes that it meets inside a file. It warns up to twice this limit, and
# a filter may be undone by any other thread: the header is therefore checked here as well.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS
warnings.filterwarnings("error", category=Image.DecompressionBombWarning)

_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class ImageError(ValueError):
    """A file is no usable photo; the message is one sentence that says what to do."""


@dataclass(frozen=True, eq=False)
class Photo:
    """A decoded photo.

    ``pixels`` is (H, W, 3) uint8 RGB, read-only, upright; ``sha256`` is that of the file's bytes;
    ``notes`` are plain sentences on what was done to it on the way in.
    """

    pixels: NDArray[np.uint8]
    sha256: str
    notes: tuple[str, ...] = ()


def decode_image(data: bytes) -> Photo:
    """Decode a PNG, JPEG, WebP, BMP, GIF or TIFF file.

    The photo is upright, on white where it was transparent, its first frame where it is animated,
    and has at most ``MAX_KEPT_PIXELS`` (its shape is kept).

    Raises:
        ImageError: the file is no photo, is damaged, or is too large.
    """
    if not data:
        raise ImageError("The file is empty: choose the photo again.")
    excess = find_excess(data)
    if excess is not None:
        raise ImageError(excess)
    try:
        with Image.open(BytesIO(data), formats=FORMATS) as image:
            _check(image)
            with _take_turn(image):
                pixels, notes = _decode(image)
    except ImageError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _refuse_size(MAX_PIXELS) from None
    except UnidentifiedImageError:
        raise ImageError(describe_unreadable(data)) from None
    except Exception as error:
        # Damaged bytes make decoders raise nearly anything: OSError, SyntaxError, struct.error,
        # EOFError, zlib.error, MemoryError ... None of them may reach the page as a traceback.
        raise ImageError(describe_unreadable(data)) from error
    pixels.setflags(write=False)  # photos are shared by threads
    return Photo(pixels, hashlib.sha256(data).hexdigest(), notes)


def _check(image: ImageFile.ImageFile) -> None:
    limit = MAX_WEBP_PIXELS if image.format == "WEBP" else MAX_PIXELS
    if image.width * image.height > limit:
        raise _refuse_size(limit)
    if max(image.size) > MAX_SIDE:
        raise ImageError(
            f"The photo is longer than {MAX_SIDE:,} pixels on a side: shrink it and send it again."
        )
    if image.mode not in MODES:
        raise ImageError(
            f"Its colours are stored as {image.mode}, which cannot be shown here: "
            "save the photo as PNG or JPEG and send that."
        )


def _refuse_size(limit: int) -> ImageError:
    return ImageError(
        f"The photo is too large: shrink it to at most {limit // 1_000_000} megapixels "
        "and send it again."
    )


def _take_turn(image: ImageFile.ImageFile) -> AbstractContextManager[object]:
    return _ONE_LARGE_FILE if image.width * image.height > _LARGE_PIXELS else nullcontext()


def _decode(image: ImageFile.ImageFile) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    original_pixels = image.width * image.height
    is_animated = bool(getattr(image, "is_animated", False))  # before load(): it moves in the file
    if image.format == "PNG":
        # Asked for EXIF, which may stand behind the pixels, Pillow would load it by itself: what
        # is damaged would then be taken for damaged metadata, and be shown in black.
        image.load()
    orientation = _get_orientation(image)
    image.draft(None, compute_kept_size(*image.size))  # a JPEG decodes at a fraction of its size
    image.load()
    # Pillow itself turns a TIFF upright while loading it.
    remaining = 1 if image.format == "TIFF" else orientation
    picture = _shrink(image)
    if remaining in _UPRIGHT:
        picture = picture.transpose(_UPRIGHT[remaining])
    notes = [
        *_describe_frames(image, is_animated),
        *_describe_colours(image),
        *(["Turned upright, as the file asks."] if orientation in _UPRIGHT else []),
        *_describe_size(original_pixels, picture),
    ]
    return np.array(picture), tuple(notes)


def compute_kept_size(width: int, height: int) -> tuple[int, int]:
    """Return the (width, height) at which a photo is kept: its shape, at most a megapixel."""
    scale = min(1.0, math.sqrt(MAX_KEPT_PIXELS / (width * height)))
    return max(1, int(width * scale)), max(1, int(height * scale))


def _shrink(image: Image.Image) -> Image.Image:
    """Return ``image`` as RGB at its kept size, converted strip by strip to spare memory."""
    width, height = compute_kept_size(*image.size)
    factor = max(1, min(image.width // width, image.height // height))
    deep_range = (0.0, 255.0)
    if image.mode in DEEP_MODES:
        deep_range = find_range(strip for _, strip in _cut(image, factor))
    reduced = Image.new("RGB", (-(-image.width // factor), -(-image.height // factor)))
    for top, strip in _cut(image, factor):
        reduced.paste(to_rgb(strip, deep_range).reduce(factor), (0, top // factor))
    if reduced.size == (width, height):
        return reduced
    return reduced.resize((width, height), Image.Resampling.BICUBIC)


def _cut(image: Image.Image, factor: int) -> Iterator[tuple[int, Image.Image]]:
    """Yield (top, strip) from the top down; each strip's height is a multiple of ``factor``."""
    rows = max(1, _STRIP_PIXELS // image.width // factor) * factor
    for top in range(0, image.height, rows):
        yield top, image.crop((0, top, image.width, min(top + rows, image.height)))


def _get_orientation(image: Image.Image) -> int:
    exif = image.info.get("exif")
    if isinstance(exif, bytes) and is_table_too_long(exif):
        return 1
    try:
        return int(image.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # broken metadata does not make a broken photo
        return 1


def _describe_frames(image: ImageFile.ImageFile, is_animated: bool) -> list[str]:
    if not is_animated or image.format == "MPO":  # a phone's JPEG with a second view inside
        return []
    return ["First page of several." if image.format == "TIFF" else "First frame of an animation."]


def _describe_colours(image: Image.Image) -> list[str]:
    notes = []
    if image.mode in DEEP_MODES:
        notes.append("Reduced to 8 bits a pixel.")
    if is_see_through(image):
        notes.append("Transparent parts are shown on white.")
    # The name is ASCII in an old profile and UTF-16 in a new one.
    profile = bytes(image.info.get("icc_profile") or b"").replace(b"\0", b"")
    if image.mode == "CMYK":
        notes.append("Converted from CMYK (print colours), so its colours are approximate.")
    elif profile and b"sRGB" not in profile:
        notes.append("Its colour profile is not applied: its numbers are read as sRGB.")
    return notes


def _describe_size(original_pixels: int, picture: Image.Image) -> list[str]:
    kept = picture.width * picture.height
    if original_pixels > MAX_KEPT_PIXELS:
        return [f"Shrunk from {original_pixels / 1e6:.1f} to {kept / 1e6:.1f} megapixels."]
    if min(picture.size) < MIN_SIDE:
        size = f"{picture.width} × {picture.height}"
        return [f"Only {size} pixels: the network sees it much enlarged."]
    return []
