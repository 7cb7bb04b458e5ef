"""How much maps agree: rank correlation, shared top pixels, structural similarity.

Two maps of different methods have different units, so only what survives any rescaling is
compared: the order of their pixels (Spearman), which pixels come first (top-k overlap), and the
picture that the reader sees (SSIM, on maps brought to [0, 1] by the page's own colour rule).
Krishna et al. 2022, "The Disagreement Problem", arXiv 2202.01602, measure the first two.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dashboard.faithfulness.curves import compute_ranks, has_ranking
from dashboard.inference.model import Doubles, Floats
from dashboard.overlays import compute_scale

SHARES = (0.05, 0.1, 0.2)  # of the pixels: what "top" may mean
_WINDOW = 7  # pixels a side, scikit-image's default


@dataclass(frozen=True)
class Agreement:
    """Every pair of M maps: ``correlation`` (M, M), NaN where a map is the same everywhere.

    ``overlap`` holds one (M, M) for each of ``SHARES``: the share of top pixels that two maps have
    in common. Maps drawn at random would share ``SHARES`` of them.
    """

    names: tuple[str, ...]
    correlation: Doubles
    overlap: tuple[Doubles, ...]


def compute_agreement(heats: Mapping[str, Floats]) -> Agreement:
    """Return how much the maps (H, W) agree; each of them finite and of the same size."""
    orders = np.stack([_standardize(heat) for heat in heats.values()])  # (M, H * W)
    correlation: Doubles = orders @ orders.T
    ranks = [compute_ranks(heat).ravel() for heat in heats.values()]
    overlap = tuple(_overlap(ranks, share) for share in SHARES)
    return Agreement(tuple(heats), correlation, overlap)


def _overlap(ranks: Sequence[NDArray[np.int32]], share: float) -> Doubles:
    count = max(1, round(share * ranks[0].size))
    top = np.stack([each < count for each in ranks]).astype(np.float64)  # (M, H * W)
    shared: Doubles = top @ top.T / count
    return shared


def compute_rank_correlation(first: Floats, second: Floats) -> float:
    """Return Spearman's correlation of two maps of one size, in [-1, 1].

    Ties share their mean rank; NaN where a map is the same everywhere.
    """
    return float(np.clip(_standardize(first) @ _standardize(second), -1, 1))


def _standardize(heat: Floats) -> Doubles:
    """Return the ranks (H * W,) less their mean, of length 1; NaN for a map without an order."""
    if not has_ranking(heat):
        return np.full(heat.size, np.nan)
    _, place, counts = np.unique(heat.ravel(), return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place]
    centred = ranks - ranks.mean()
    unit: Doubles = centred / math.sqrt(float(centred @ centred))
    return unit


def compute_similarity(first: Floats, second: Floats, is_signed: bool) -> float:
    """Return the SSIM of two maps (H, W) as the page colours them; NaN for a flat one."""
    if not (has_ranking(first) and has_ranking(second)):
        return math.nan
    return compute_ssim(_bring_to_unit(first, is_signed), _bring_to_unit(second, is_signed))


def _bring_to_unit(heat: Floats, is_signed: bool) -> Doubles:
    scale = compute_scale(heat, is_signed)
    return np.clip((heat.astype(np.float64) - scale.low) / (scale.high - scale.low), 0, 1)


def compute_ssim(first: Doubles, second: Doubles) -> float:
    """Return the structural similarity of two pictures (H, W) in [0, 1], both at least 7 a side.

    Means over square windows, sample covariance. Wang et al. 2004,
    https://doi.org/10.1109/TIP.2003.819861, equation 13.

    Raises:
        ValueError: a side is smaller than the window.
    """
    if min(first.shape) < _WINDOW:
        raise ValueError(f"SSIM needs pictures of at least {_WINDOW} pixels a side.")
    n = _WINDOW**2
    mean_a, mean_b = _average(first), _average(second)
    unbiased = n / (n - 1)
    var_a = unbiased * (_average(first**2) - mean_a**2)
    var_b = unbiased * (_average(second**2) - mean_b**2)
    both = unbiased * (_average(first * second) - mean_a * mean_b)
    c1, c2 = 0.01**2, 0.03**2
    likeness = (2 * mean_a * mean_b + c1) * (2 * both + c2)
    likeness /= (mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2)
    return float(likeness.mean())


def _average(values: Doubles) -> Doubles:
    """Return the mean over every whole window, (H - 6, W - 6)."""
    sums = np.pad(values, ((1, 0), (1, 0))).cumsum(axis=0).cumsum(axis=1)
    k = _WINDOW
    inside: Doubles = sums[k:, k:] - sums[:-k, k:] - sums[k:, :-k] + sums[:-k, :-k]
    return inside / k**2


@dataclass(frozen=True)
class Summary:
    """What the matrix says in figures, over the pairs of methods that are not trivial.

    ``mean`` and ``lowest`` are rank correlations, ``pair`` the two that agree least, ``shared``
    the mean overlap of the top tenth.
    """

    mean: float
    lowest: float
    pair: tuple[str, str]
    shared: float


def summarize(agreement: Agreement, trivial: Sequence[str]) -> Summary | None:
    """Return the figures, None where fewer than two maps have an order of pixels."""
    kept = [i for i, name in enumerate(agreement.names) if name not in trivial]
    tenth = agreement.overlap[SHARES.index(0.1)]
    pairs = [
        (float(agreement.correlation[i, j]), float(tenth[i, j]), i, j)
        for i in kept
        for j in kept
        if i < j and not np.isnan(agreement.correlation[i, j])
    ]
    if not pairs:
        return None
    lowest, _, i, j = min(pairs)
    return Summary(
        mean=float(np.mean([each[0] for each in pairs])),
        lowest=lowest,
        pair=(agreement.names[i], agreement.names[j]),
        shared=float(np.mean([each[1] for each in pairs])),
    )
