"""Attribution -> image: one colour rule for every map, and a transparency that keeps the photo.

**Same scale.** Methods have different units (a logit a pixel, a probability a mask, ...), so one
shared number would blank out most maps. Instead every map obeys the same rule: full colour is the
99.5th percentile of its own |values|, and what lies above is clipped, so that a single outlier
cannot dim the rest. A signed map runs symmetrically from -p to p; an unsigned one from its 0.5th
percentile (some have a floor far from zero) to its 99.5th. The colour bar states the ends.

**Colours.** Signed: ColorBrewer's 11-class RdBu, red for, blue against (Cynthia Brewer, Apache-2.0,
colorbrewer2.org, listed there as safe for the colour-blind). Unsigned: viridis (Stefan van der
Walt and Nathaniel Smith, CC0), whose lightness rises evenly for every kind of colour vision.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from dashboard.inference.model import Doubles, Floats

Bytes = NDArray[np.uint8]

PERCENTILE = 99.5

_RDBU = (  # from blue (against) over white to red (for)
    "#053061", "#2166ac", "#4393c3", "#92c5de", "#d1e5f0", "#f7f7f7",
    "#fddbc7", "#f4a582", "#d6604d", "#b2182b", "#67001f",
)  # fmt: skip
_VIRIDIS = (  # nine equally spaced colours of the table
    "#440154", "#472d7b", "#3b528b", "#2c728e", "#21918c", "#27ad81", "#5cc863", "#aadc32",
    "#fde725",
)  # fmt: skip

# Over a photo white would be fog and near-black would be shadow: signed maps use the middle part
# of each arm only, and let the transparency say how strong a value is.
_ARM = (0.55, 0.85)
_ALPHA_POWER_SIGNED = 0.75  # below 1, or the pale weak values would be lost
_ALPHA_POWER_UNSIGNED = 1.0  # the dark weak values show well enough


@dataclass(frozen=True)
class Scale:
    """The values, in the map's own unit, that get the first and the last colour."""

    low: float
    high: float


def compute_scale(heat: Floats, is_signed: bool) -> Scale:
    """Return the scale of a map (H, W); any legal one, (-1, 1) or (0, 1), for a constant map."""
    if is_signed:
        top = float(np.percentile(np.abs(heat), PERCENTILE)) or float(np.abs(heat).max())
        return Scale(-top, top) if top > 0 else Scale(-1.0, 1.0)
    low, high = (float(v) for v in np.percentile(heat, [100 - PERCENTILE, PERCENTILE]))
    if high <= low:  # fewer than one pixel in 200 stands out: show those
        low, high = float(heat.min()), float(heat.max())
    return Scale(low, high) if high > low else Scale(low, low + 1.0)


def render_heat(heat: Floats, scale: Scale, is_signed: bool, transparent: bool = True) -> Bytes:
    """Return the map (H, W) as RGBA (H, W, 4).

    ``transparent`` makes weak values see-through, for laying over the photo; otherwise the map is
    opaque and stands alone.
    """
    position = (heat - scale.low) / (scale.high - scale.low)
    index = np.round(255 * np.clip(position, 0, 1)).astype(np.uint8)
    rgba: Bytes = _create_table(is_signed, transparent)[index]
    return rgba


def describe_ends(is_signed: bool) -> tuple[str, str]:
    """Return what the first and the last colour mean."""
    return ("against", "for") if is_signed else ("weak", "strong")


def encode_gradient(is_signed: bool) -> str:
    """Return the colour bar of the transparent map as a CSS gradient, left to right."""
    table = _create_table(is_signed, transparent=True)
    stops = (f"rgba({r},{g},{b},{a / 255:.2f})" for r, g, b, a in table[::15])  # 0, 15, ..., 255
    return f"linear-gradient(to right, {', '.join(stops)})"


def list_scales(signed: Iterable[bool]) -> list[tuple[str, str, str]]:
    """Return the colour bars of such maps, each once: a CSS gradient, and what its ends mean."""
    return [(encode_gradient(kind), *describe_ends(kind)) for kind in sorted(set(signed))]


def encode_png(image: Bytes) -> bytes:
    """Return a picture (H, W), (H, W, 3) or (H, W, 4) as PNG."""
    buffer = io.BytesIO()
    # Level 6, the default, takes three times as long for a tenth less.
    Image.fromarray(image).save(buffer, format="PNG", compress_level=3)
    return buffer.getvalue()


def compose_overlay(photo: Bytes, overlay: Bytes, opacity: float, is_grey: bool) -> Bytes:
    """Return the overlay (H, W, 4) over the photo (H, W, 3), as RGB (H, W, 3).

    ``opacity`` in [0, 1] scales the overlay's own; ``is_grey`` takes the photo's colours away, so
    that every colour left is the map's.
    """
    under = photo.astype(np.float32)
    if is_grey:  # luma of ITU-R BT.601, as Pillow's mode "L"
        under = np.repeat(under @ np.array([[0.299], [0.587], [0.114]], np.float32), 3, axis=2)
    alpha = overlay[..., 3:].astype(np.float32) * (opacity / 255)
    mixed: Bytes = np.round(under + alpha * (overlay[..., :3] - under)).astype(np.uint8)
    return mixed


def _create_table(is_signed: bool, transparent: bool) -> Bytes:
    """Return the 256 colours of a map as RGBA (256, 4)."""
    position = np.linspace(0, 1, 256)
    strength = np.abs(2 * position - 1) if is_signed else position
    power = _ALPHA_POWER_SIGNED if is_signed else _ALPHA_POWER_UNSIGNED
    alpha = strength**power if transparent else np.ones(256)
    if is_signed and transparent:
        low, high = _ARM
        position = 0.5 + 0.5 * np.sign(position - 0.5) * (low + (high - low) * strength)
    colors = _interpolate(_RDBU if is_signed else _VIRIDIS, position)
    return np.round(np.column_stack([colors, 255 * alpha])).astype(np.uint8)


def _interpolate(stops: tuple[str, ...], position: Doubles) -> Doubles:
    """Return the colours (n, 3) in [0, 255] at positions (n,) along equally spaced hex stops."""
    table = np.array([[int(stop[i : i + 2], 16) for i in (1, 3, 5)] for stop in stops])
    places = np.linspace(0, 1, len(stops))
    return np.column_stack([np.interp(position, places, channel) for channel in table.T])
