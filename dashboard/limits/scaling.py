"""From our networks to large ones: 6 N D operations to train one, orders of magnitude.

Kaplan et al. 2020, arXiv 2001.08361, section 2.1: 2 operations (one multiply-accumulate) a
parameter and token forwards, twice as many backwards. Sizes and tokens are the papers' own.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True)
class Training:
    """A training: ``operations`` in all; ``source`` is a link, "" for our own."""

    name: str
    operations: float
    source: str


@dataclass(frozen=True)
class LargeModel:
    """A published language model: parameters, training tokens and where they are told."""

    name: str
    parameters: float
    tokens: float
    source: str


LARGE = (
    LargeModel("GPT-3 (2020)", 175e9, 300e9, "https://arxiv.org/abs/2005.14165"),
    LargeModel("Chinchilla (2022)", 70e9, 1.4e12, "https://arxiv.org/abs/2203.15556"),
    LargeModel("Llama 2 70B (2023)", 70e9, 2.0e12, "https://arxiv.org/abs/2307.09288"),
    LargeModel("Llama 3.1 405B (2024)", 405e9, 15.6e12, "https://arxiv.org/abs/2407.21783"),
)


def count_by_rule(parameters: float, tokens: float) -> float:
    """Return 6 N D, the operations of a training."""
    return 6 * parameters * tokens


def count_training(macs: int, steps: int, batch: int) -> float:
    """Return the operations of one of our trainings: 6 a multiply-accumulate and example."""
    return 6.0 * macs * steps * batch


def list_large() -> list[Training]:
    """Return the published models' trainings by the rule."""
    return [
        Training(each.name, count_by_rule(each.parameters, each.tokens), each.source)
        for each in LARGE
    ]


def describe_times(operations: float, of: float) -> str:
    """Return how many times one training is another, as a power of ten."""
    return "10" + str(round(math.log10(operations / of))).translate(_RAISED)
