"""Weights dealt out anew: the same numbers in a random order."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def shuffle_array(array: NDArray[Any], seed: int, place: int) -> NDArray[Any]:
    """Return the numbers of an array in a random order, in its shape.

    ``place`` is the array's among the network's: the order of one does not depend on which others
    are shuffled.
    """
    numbers = np.random.default_rng((seed, place)).permutation(array.ravel())
    return numbers.reshape(array.shape)
