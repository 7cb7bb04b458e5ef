"""A task of pure memory: which symbol came first? Generated, nothing to download.

A sequence is one symbol, then ``lag`` distractors out of the same symbols, then a query mark; the
answer is the first symbol. It tests how far back a network can reach and nothing else, in the
manner of Hochreiter and Schmidhuber 1997 (long short-term memory, experiment 2) and of Arjovsky,
Shah and Bengio 2016 (the copying problem).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SYMBOLS = tuple("ABCDEFGH")
QUERY = len(SYMBOLS)  # the token after the symbols' own
TOKENS = (*SYMBOLS, "?")
MIN_LAG, MAX_LAG = 1, 256
LAGS = (1, 2, 4, 8, 16, 32, 64, 128, 256)
LICENCE = "Apache-2.0 (generated)"


@dataclass(frozen=True)
class Sequences:
    """``tokens`` (N, lag + 2), ``answers`` (N,), an index into ``SYMBOLS`` each."""

    tokens: NDArray[np.int64]
    answers: NDArray[np.int64]


def create_sequences(count: int, lag: int, seed: tuple[int, ...]) -> Sequences:
    """Return ``count`` sequences with ``lag`` distractors each; the same seed gives the same ones.

    Raises:
        ValueError: the lag is not between ``MIN_LAG`` and ``MAX_LAG``.
    """
    if not MIN_LAG <= lag <= MAX_LAG:
        raise ValueError(f"lag {lag} is not between {MIN_LAG} and {MAX_LAG}")
    symbols = np.random.default_rng((*seed, lag)).integers(0, len(SYMBOLS), (count, lag + 1))
    tokens = np.concatenate([symbols, np.full((count, 1), QUERY)], axis=1)
    return Sequences(tokens.astype(np.int64), symbols[:, 0].astype(np.int64))


def draw_lag(generator: np.random.Generator, longest: int = MAX_LAG) -> int:
    """Return a lag: short ones as often as long ones on a logarithmic scale."""
    low, high = np.log(MIN_LAG), np.log(longest + 1)
    return min(longest, int(np.exp(generator.uniform(low, high))))
