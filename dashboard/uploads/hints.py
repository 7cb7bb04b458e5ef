"""What a file says of itself: size, pixel values, class names, by the conventions that exist.

- ONNX's own image metadata, which Azure Custom Vision writes: ``Image.BitmapPixelFormat`` and
  ``Image.NominalPixelRange`` (https://onnx.ai/onnx/repo-docs/MetadataProps.html).
- What Ultralytics writes for its classifiers: ``task``, ``imgsz``, ``names``; their pixels are
  0 to 1.
- Keys that people choose for themselves: ``mean`` and ``std``, ``labels`` or ``classes``.

Everything here is untrusted text: what does not fit is passed over.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from dashboard.uploads.labels import LabelError, parse_labels
from dashboard.uploads.spec import NORMALIZATIONS, Normalization, Order

_RANGES = {
    "nominalrange_0_255": "raw",
    "normalized_0_1": "unit",
    "normalized_1_1": "symmetric",
}
_CHANNELS = {"gray8": 1, "rgb8": 3, "bgr8": 3, "rgba8": None, "bgra8": None}
_MEANS = ("mean", "image_mean", "normalize_mean", "input_mean")
_DEVIATIONS = ("std", "image_std", "normalize_std", "input_std")
_LABELS = ("names", "labels", "classes", "class_names")

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
# A dictionary as Python prints it: {0: 'tench', 1: "goldfish"}.
_ENTRY = re.compile(r"""(\d{1,6})\s*:\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")""")


@dataclass(frozen=True)
class Hints:
    """What was found; None, or empty, for what the file does not say."""

    normalization: Normalization | None = None
    channels: int | None = None
    size: tuple[int, int] | None = None
    labels: tuple[str, ...] = ()


def read_hints(metadata: Mapping[str, str]) -> Hints:
    """Return what the metadata of a file says."""
    found = {key.lower(): value for key, value in metadata.items()}
    pixel_format = found.get("image.bitmappixelformat", "").lower()
    return Hints(
        normalization=_read_normalization(found, pixel_format),
        channels=_CHANNELS.get(pixel_format),
        size=_read_size(found.get("imgsz", "")),
        labels=_read_labels(found),
    )


def _read_normalization(found: Mapping[str, str], pixel_format: str) -> Normalization | None:
    order: Order = "BGR" if pixel_format.startswith("bgr") else "RGB"
    own = _read_own_normalization(found, order)
    if own is not None:
        return own
    name = _RANGES.get(found.get("image.nominalpixelrange", "").lower())
    if name is None and found.get("task") == "classify" and "stride" in found:
        name = "unit"  # Ultralytics
    if name is None:
        return None
    usual = next(each for each in NORMALIZATIONS if each.name == name)
    if order == "RGB":
        return usual
    return Normalization("file", f"BGR, {usual.label}", usual.mean, usual.std, order)


def _read_own_normalization(found: Mapping[str, str], order: Order) -> Normalization | None:
    means = [_read_three(found.get(key, "")) for key in _MEANS]
    deviations = [_read_three(found.get(key, "")) for key in _DEVIATIONS]
    mean = next((each for each in means if each), None)
    std = next((each for each in deviations if each), None)
    if mean is None or std is None or min(std) <= 0:
        return None
    if max(*map(abs, mean), *std) <= 1:  # in units of a pixel from 0 to 1
        mean = (mean[0] * 255, mean[1] * 255, mean[2] * 255)
        std = (std[0] * 255, std[1] * 255, std[2] * 255)
    return Normalization("file", "as the file says", mean, std, order)


def _read_three(text: str) -> tuple[float, float, float] | None:
    values = [float(each) for each in _NUMBER.findall(text[:200])]
    if len(values) == 1:
        values *= 3
    is_sane = len(values) == 3 and all(abs(value) < 1e6 for value in values)
    return (values[0], values[1], values[2]) if is_sane else None


def _read_size(text: str) -> tuple[int, int] | None:
    values = [int(each) for each in re.findall(r"\d{1,4}", text[:50])]
    if len(values) == 1:
        values *= 2
    return (values[0], values[1]) if len(values) == 2 and min(values) > 0 else None


def _read_labels(found: Mapping[str, str]) -> tuple[str, ...]:
    text = next((found[key] for key in _LABELS if found.get(key)), "")
    entries = {int(number): single or double for number, single, double in _ENTRY.findall(text)}
    if entries:
        is_complete = sorted(entries) == list(range(len(entries)))
        text = json.dumps([entries[index] for index in range(len(entries))] if is_complete else [])
    try:
        return parse_labels(text)
    except LabelError:
        return ()
