"""Captum draws from the process's generators; here they are borrowed, seeded, and given back.

There is one torch and one numpy generator for all visitors, so whoever draws holds a lock. The
slow part of a method, the network, draws nothing: during it the generators are handed back and the
lock is free, so that a visitor's method never waits for another visitor's whole method.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import Any

import numpy as np

_DRAWING = Lock()
_N_SEEDS = 2**32  # numpy takes no larger seed


@dataclass(frozen=True)
class _States:
    """Where the two generators stand: torch's of the CPU, and numpy's legacy one."""

    torch: Any
    numpy: Any


class Draws:
    """A ``with`` block in which the generators follow ``seed``, whatever other threads do.

    Inside it, ``paused`` is the block in which nothing is drawn and others may. The generators
    stand afterwards as if this block had never been, also after an exception.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed % _N_SEEDS
        self._others: _States | None = None

    def __enter__(self) -> Draws:
        self._borrow(_create_states(self._seed))
        return self

    def __exit__(self, *_: object) -> None:
        self._give_back()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Give the generators back for the length of the block; does nothing outside ``with``."""
        if self._others is None:
            yield
            return
        mine = self._give_back()
        try:
            yield
        finally:
            self._borrow(mine)

    def _borrow(self, states: _States) -> None:
        _DRAWING.acquire()
        self._others = _get_states()
        _set_states(states)

    def _give_back(self) -> _States:
        assert self._others is not None
        mine = _get_states()
        _set_states(self._others)
        self._others = None
        _DRAWING.release()
        return mine


def _create_states(seed: int) -> _States:
    import torch

    # Generators of their own: torch.manual_seed would reseed the GPUs' generators as well.
    generator = torch.Generator().manual_seed(seed)
    return _States(generator.get_state(), np.random.RandomState(seed).get_state())


def _get_states() -> _States:
    import torch

    return _States(torch.default_generator.get_state(), np.random.get_state())


def _set_states(states: _States) -> None:
    import torch

    torch.default_generator.set_state(states.torch)
    np.random.set_state(states.numpy)
