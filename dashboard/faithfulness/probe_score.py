"""How well a map foretells the probes, against the same map slid elsewhere and against blind maps.

The score is Spearman's rank correlation, over the probes, between what the map says is left (its
sum over what a probe shows) and the class's log-odds: -1 to 1, 0 for a map that knows nothing.

The null is *the same map slid elsewhere*, around the torus and mirrored: as smooth, as peaked, as
large, in another place. All slides and their mirror images form a group, so for a map whose place
is arbitrary the p-value is uniform whatever the network answers and whichever statistic compares
the places (a permutation test; Hemerik & Goeman 2018, "Exact testing with random permutations",
arXiv:1411.7565). The statistic is the covariance of what is left with the ranks of the log-odds:
it is linear in the map, so that one Fourier transform answers for every place at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from dashboard.faithfulness.probes import Probes, place_units
from dashboard.inference.model import Doubles, Floats

N_RESAMPLES = 400  # of the bootstrap
_FLAT = 1e-9  # a response that varies less than this is the same everywhere


@dataclass(frozen=True)
class ProbeScore:
    """A map under one removal.

    ``n_as_good`` of ``n_elsewhere`` slid copies do at least as well; ``p_value`` counts the map
    itself among them, so it is never 0.
    """

    score: float
    n_as_good: int
    n_elsewhere: int

    @property
    def p_value(self) -> float:
        """The share of all places of this map, its own included, in which it does as well."""
        return (self.n_as_good + 1) / (self.n_elsewhere + 1)


def sum_units(heat: Floats, grid: tuple[int, int]) -> Doubles:
    """Return the sum of a map (H, W) over each unit of the grid, (U, V)."""
    rows, columns = (place_units(side) for side in heat.shape)
    firsts = [np.flatnonzero(np.diff(each, prepend=-1)) for each in (rows, columns)]
    sums: Doubles = np.add.reduceat(
        np.add.reduceat(heat.astype(np.float64), firsts[0], axis=0), firsts[1], axis=1
    )
    assert sums.shape == grid
    return sums


def compare_places(units: Doubles, worth: Doubles) -> Doubles:
    """Return how well a map (U, V) agrees with ``worth`` (U, V) in each of its places, (M,).

    The map's own place comes first, then all others around the torus, then its mirror images: the
    sum of map x worth in each.
    """
    transformed = np.fft.rfft2(worth)
    places = [
        np.fft.irfft2(np.conj(np.fft.rfft2(each)) * transformed, s=units.shape)
        for each in (units, units[:, ::-1])
    ]
    return np.concatenate([each.ravel() for each in places])


def rank(values: Doubles) -> Doubles:
    """Return ranks (M, N) of each row, ties at their mean rank, standardised to length 1.

    A row without any difference gives zeros: it agrees with nothing.
    """
    n = values.shape[1]
    order = np.argsort(values, axis=1)
    ordered = np.take_along_axis(values, order, axis=1)
    centred = np.arange(n) - (n - 1) / 2
    places = np.broadcast_to(_standardise(centred), values.shape)
    tied = np.flatnonzero((ordered[:, 1:] == ordered[:, :-1]).any(axis=1))
    if len(tied):
        places = places.copy()
    for row in tied:
        _, group, counts = np.unique(ordered[row], return_inverse=True, return_counts=True)
        places[row] = _standardise((np.cumsum(counts) - (counts + n) / 2)[group])
    ranks: Doubles = np.empty_like(values)
    np.put_along_axis(ranks, order, places, axis=1)
    return ranks


def _standardise(centred: Doubles) -> Doubles:
    length = np.sqrt(centred @ centred)
    return centred / length if length > _FLAT else np.zeros_like(centred)


def score_map(probes: Probes, heat: Floats) -> tuple[ProbeScore, ...]:
    """Return the score of a map (H, W) under each removal, and of its slid copies: no run needed.

    Raises:
        ValueError: the map holds values that are not finite.
    """
    if not np.isfinite(heat).all():
        raise ValueError("A heat map must be finite to be scored.")
    units, shown = sum_units(heat, probes.grid), probes.shown.astype(np.float32)
    said = rank((shown @ units.ravel())[np.newaxis])[0]  # (N,)
    heard = rank(probes.log_odds)  # (R, N)
    worth = (heard.astype(np.float32) @ shown).astype(np.float64)  # (R, U V): of each unit
    return tuple(
        _count(float(scale @ said), compare_places(units, each.reshape(units.shape)))
        for scale, each in zip(heard, worth, strict=True)
    )


def _count(score: float, places: Doubles) -> ProbeScore:
    # Slides of a symmetric map are the map again: equal up to rounding, and as good.
    rounding = 1e-9 * float(np.abs(places).max())
    as_good = int((places[1:] >= places[0] - rounding).sum())
    return ProbeScore(score, as_good, len(places) - 1)


def compare_maps(
    probes: Probes, heat: Floats, others: Sequence[Floats], seed: int = 0, level: float = 0.05
) -> Doubles:
    """Return the lower bound of the map's lead over each of K others, (R, K).

    A paired bootstrap over the probes (Efron 1979): the ``level`` quantile of the difference of
    two rank correlations on the same resampled probes. Above 0: the lead is more than the choice
    of probes explains.
    """
    units = np.stack([sum_units(each, probes.grid).ravel() for each in (heat, *others)])
    said = rank(units @ probes.shown.T.astype(np.float32)).T  # (N, 1 + K)
    heard = rank(probes.log_odds)  # (R, N)
    weights = _draw_resamples(len(said), seed)
    bounds = np.empty((len(heard), len(others)))
    for bound, each in zip(bounds, heard, strict=True):
        drawn = _correlate(weights, said, each)  # (B, 1 + K)
        bound[:] = np.quantile(drawn[:, :1] - drawn[:, 1:], level, axis=0)
    return bounds


@lru_cache(maxsize=4)
def _draw_resamples(n: int, seed: int) -> Doubles:
    """Return how often each of ``n`` probes is drawn in each resample, over ``n``: (B, N)."""
    counts = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), N_RESAMPLES)
    weights: Doubles = counts / n
    weights.flags.writeable = False
    return weights


def _correlate(weights: Doubles, said: Doubles, heard: Doubles) -> Doubles:
    """Return Pearson's correlation of ranks (N, K) with ranks (N,) under each row of weights."""
    mean_said, mean_heard = weights @ said, weights @ heard
    products = weights @ (said * heard[:, None]) - mean_said * mean_heard[:, None]
    spread_said = weights @ said**2 - mean_said**2
    spread_heard = weights @ heard**2 - mean_heard**2
    size = np.sqrt(np.maximum(spread_said * spread_heard[:, None], 0))
    correlations: Doubles = np.divide(
        products, size, out=np.zeros_like(products), where=size > 1e-15
    )
    return correlations
