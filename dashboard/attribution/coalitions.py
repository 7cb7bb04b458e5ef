"""Which sets of pieces KernelSHAP shows, and what each weighs in its regression.

The kernel gives most of its weight to very small and very large sets, and there are few of those:
sizes are taken from the outside in, each whole as long as the budget would draw it as often as it
has sets. What is left of the budget is drawn, each set together with its complement: whatever the
pieces do in company that is the same with and without the others falls out of the estimate.
Sources: Lundberg and Lee 2017, arXiv:1705.07874, theorem 2 (the kernel); Covert and Lee 2021,
arXiv:2012.01536, section 3.3 (paired sampling).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from dashboard.inference.model import Doubles

Bools = NDArray[np.bool_]

_MAX_ROUNDS = 4  # of drawing anew what was drawn before


@dataclass(frozen=True)
class Coalitions:
    """``shown`` (N, M): which of M pieces each set shows; ``weights`` (N,) add up to 1.

    The empty set and the whole are not among them: the kernel's weight of these is infinite.
    """

    shown: Bools
    weights: Doubles


def compute_kernel(n_pieces: int) -> Doubles:
    """Return the weight (M // 2,) of all sets of 1, 2, ... pieces and their complements together.

    The kernel of one set of s pieces is (M - 1) / (binomial(M, s) s (M - s)), so that all sets of
    one size weigh (M - 1) / (s (M - s)); the weights are scaled to add up to 1.
    """
    sizes = np.arange(1, n_pieces // 2 + 1)
    weights = np.where(2 * sizes == n_pieces, 1, 2) / (sizes * (n_pieces - sizes))
    scaled: Doubles = weights / weights.sum()
    return scaled


def count_sets(n_pieces: int, size: int) -> int:
    """Return how many sets have ``size`` pieces or are the complement of one that has."""
    return math.comb(n_pieces, size) * (1 if 2 * size == n_pieces else 2)


def draw_coalitions(n_pieces: int, n_samples: int, rng: np.random.Generator) -> Coalitions:
    """Return at most ``n_samples`` different sets of at least two pieces: all, if so many do.

    Raises:
        ValueError: there are fewer than two pieces, or fewer than two samples.
    """
    if n_pieces < 2 or n_samples < 2:
        raise ValueError("Coalitions need at least two pieces and two samples.")
    kernel, left = compute_kernel(n_pieces), n_samples
    parts = []
    for size in range(1, n_pieces // 2 + 1):
        count, rest = count_sets(n_pieces, size), kernel[size - 1 :]
        if left * rest[0] / rest.sum() < count * (1 - 1e-9):
            if left >= 2:
                parts.append(_draw_pairs(n_pieces, size, rest, left // 2, rng))
            break
        parts.append(_list_all(n_pieces, size, float(rest[0])))
        left -= count
    weights = np.concatenate([part.weights for part in parts])
    return Coalitions(np.concatenate([part.shown for part in parts]), weights / weights.sum())


def _list_all(n_pieces: int, size: int, weight: float) -> Coalitions:
    chosen = np.array(list(combinations(range(n_pieces), size)))  # (n, size)
    shown = np.zeros((len(chosen), n_pieces), bool)
    np.put_along_axis(shown, chosen, True, axis=1)
    if 2 * size != n_pieces:
        shown = np.concatenate([shown, ~shown])
    return Coalitions(shown, np.full(len(shown), weight / len(shown)))


def _draw_pairs(
    n_pieces: int, first: int, kernel: Doubles, n_pairs: int, rng: np.random.Generator
) -> Coalitions:
    """Return sets of ``first`` and more pieces and their complements, ``n_pairs`` at most.

    One drawn again weighs more, and another is drawn in its place.
    """
    drawn = np.empty((0, n_pieces), bool)
    for _ in range(_MAX_ROUNDS):
        sizes = first + rng.choice(len(kernel), n_pairs, p=kernel / kernel.sum())
        order = rng.random((n_pairs, n_pieces)).argsort(axis=1).argsort(axis=1)
        drawn = np.concatenate([drawn, _choose_half(order < sizes[:, np.newaxis])])
        found, counts = np.unique(drawn, axis=0, return_counts=True)
        if len(found) >= n_pairs:
            break
    kept = rng.permutation(len(found))[:n_pairs]
    shown, weights = found[kept], counts[kept] / counts[kept].sum() * kernel.sum() / 2
    return Coalitions(np.concatenate([shown, ~shown]), np.concatenate([weights, weights]))


def _choose_half(shown: Bools) -> Bools:
    """Return of each set (N, M) and its complement the one that shows the first piece."""
    return np.where(shown[:, :1], shown, ~shown)
