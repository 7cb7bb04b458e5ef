"""Several methods' maps of one question, and what a map looks like on the page."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from dashboard.attribution.base import Method, Question
from dashboard.attribution.params import compute_defaults
from dashboard.channel_pictures import encode_url
from dashboard.faithfulness.curves import has_ranking
from dashboard.inference.model import Floats, Model
from dashboard.limits.agreement import compute_rank_correlation, compute_similarity
from dashboard.overlays import compute_scale, render_heat

Report = Callable[[str, float], None]
"""Told what is being done and the fraction of it that is; may raise to stop."""

MAX_SIDE = 112  # pixels of a map as it is sent to the browser


def report_nothing(doing: str, fraction: float) -> None:
    """Tell nobody: the default."""


def draw_heats(
    model: Model, question: Question, methods: Sequence[Method]
) -> dict[str, Floats | None]:
    """Return each method's map (H, W) with its default parameters; None where it has none."""
    return {method.name: _draw_heat(model, question, method) for method in methods}


def _draw_heat(model: Model, question: Question, method: Method) -> Floats | None:
    try:
        attribution = method.attribute(model, question, compute_defaults(method.params))
    except ValueError:  # values that are not finite: a network of shuffled weights may overflow
        return None
    return method.compute_heat(attribution)


def compare_maps(
    first: Floats | None, second: Floats | None, is_signed: bool
) -> tuple[float | None, float | None]:
    """Return (Spearman, SSIM) of two maps, None where a map is missing or flat."""
    if first is None or second is None:
        return None, None
    values = (
        compute_rank_correlation(first, second),
        compute_similarity(first, second, is_signed),
    )
    spearman, ssim = (None if np.isnan(value) else round(value, 4) for value in values)
    return spearman, ssim


def encode_heat(heat: Floats | None, is_signed: bool) -> str:
    """Return a map as the data URL of a see-through picture, "" for none."""
    if heat is None:
        return ""
    small = shrink(heat)
    return encode_url(render_heat(small, compute_scale(small, is_signed), is_signed))


def describe_heat(heat: Floats | None) -> str:
    """Return what is to be said of a map without an order of pixels, "" for any other."""
    if heat is None:
        return "no map: values that are not numbers, or a layer without a rule"
    return "" if has_ranking(heat) else "flat: no pixel above another"


def shrink(heat: Floats) -> Floats:
    """Return a map of at most ``MAX_SIDE`` pixels a side, because large ones weigh too much.

    Of several values the strongest stays: the mean of a fine map's pluses and minuses is nothing.
    """
    factor = -(-heat.shape[0] // MAX_SIDE)
    side = heat.shape[0] // factor
    cut = heat[: side * factor, : side * factor]
    blocks = cut.reshape(side, factor, side, factor).swapaxes(1, 2).reshape(side, side, -1)
    strongest = np.abs(blocks).argmax(axis=2)[..., np.newaxis]
    small: Floats = np.take_along_axis(blocks, strongest, axis=2)[..., 0]
    return small
