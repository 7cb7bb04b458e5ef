"""What single channels of a layer contribute to a class, and how few of them suffice.

The contribution of a channel is the sum over its map of activation x gradient: to first order, by
how much the class's logit would fall without it (Molchanov et al. 2017, arXiv 1611.06440).
Whether that order is right is then tested, not believed: all but the first k channels are silenced
and the network is run again, beside as many channels drawn at random.

How many suffice says little about *what* a channel stands for. After the last layer come only a
mean and a sum, so that few of its large terms suffice in any network; after an early one come many
layers that have never seen most channels silent. So the same is measured of a network that has
learnt nothing, the same weights in a random order (Adebayo et al. 2018, arXiv 1810.03292).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dashboard.inference.inner import InnerModel
from dashboard.inference.model import Floats
from dashboard.inference.probability import compute_probability

SHARES = (1 / 32, 1 / 8, 1 / 2, 3 / 4)
SEED = 0
_TINY = 1e-12


@dataclass(frozen=True)
class Survival:
    """What is left of a class's probability when a stage keeps only ``kept`` of its channels.

    ``best`` keeps those of the largest contribution, for or against, ``random`` as many drawn at
    random; both like ``kept``.
    """

    stage: int
    channels: int
    kept: tuple[int, ...]
    best: tuple[float, ...]
    random: tuple[float, ...]

    @property
    def left(self) -> float:
        """The share of the whole probability that the fewest channels keep; it may be above 1."""
        return self.best[0] / max(self.best[-1], _TINY)

    @property
    def left_random(self) -> float:
        """The same of as many channels at random."""
        return self.random[0] / max(self.random[-1], _TINY)


def compute_contributions(activation: Floats, gradient: Floats) -> Floats:
    """Return each channel's contribution (C,) from a layer's (1, C, H, W) pair."""
    contributions: Floats = (activation * gradient).sum(axis=(0, 2, 3))
    return contributions


def count_kept(channels: int) -> tuple[int, ...]:
    """Return how many channels to keep in turn, fewest first, ending with all."""
    return (*sorted({max(1, round(channels * share)) for share in SHARES}), channels)


def create_switches(order: NDArray[np.int64], kept: Sequence[int]) -> Floats:
    """Return (len(kept), C): row i is 1 for the first ``kept[i]`` channels of ``order``."""
    switches = np.zeros((len(kept), len(order)), np.float32)
    for row, count in enumerate(kept):
        switches[row, order[:count]] = 1
    return switches


def compute_survival(
    model: InnerModel,
    inputs: Floats,
    target: int,
    contributions: Sequence[Floats],
    move: Callable[[float], None] = lambda fraction: None,
) -> tuple[Survival, ...]:
    """Return one curve a stage for a photo (1, C, H, W); ``move`` hears how much is done."""
    found = []
    for stage, contribution in enumerate(contributions):
        found.append(_measure(model, inputs, target, stage, contribution))
        move((stage + 1) / len(contributions))
    return tuple(found)


def measure_own_answer(
    model: InnerModel, inputs: Floats, move: Callable[[float], None] = lambda fraction: None
) -> tuple[int, tuple[Survival, ...]]:
    """Return a network's own answer to a photo (1, C, H, W), and that answer's curves."""
    logits, _ = model.look(inputs)
    target = int(logits[0].argmax())
    contributions = [compute_contributions(*pair) for pair in model.explain(inputs, target)]
    return target, compute_survival(model, inputs, target, contributions, move)


def find_hardiest(curves: Sequence[Survival]) -> int:
    """Return in which layer the answer survives best when the fewest channels speak."""
    return max(range(len(curves)), key=lambda index: curves[index].left)


def _measure(
    model: InnerModel, inputs: Floats, target: int, stage: int, contribution: Floats
) -> Survival:
    kept = count_kept(len(contribution))
    best = np.argsort(-np.abs(contribution), kind="stable")
    drawn = np.random.default_rng(SEED).permutation(len(contribution))
    rows = np.concatenate([create_switches(best, kept), create_switches(drawn, kept[:-1])])
    logits, _ = model.look(np.repeat(inputs, len(rows), axis=0), {stage: rows})
    probs = compute_probability(logits, target).tolist()
    whole = probs[len(kept) - 1]
    return Survival(
        stage, len(contribution), kept, tuple(probs[: len(kept)]), (*probs[len(kept) :], whole)
    )


def count_sufficient(curve: Survival, share: float = 0.5) -> int:
    """Return the fewest channels tried from which on ``share`` of the probability survives."""
    enough = share * curve.best[-1]
    sufficient = curve.channels
    for count, probability in zip(reversed(curve.kept), reversed(curve.best), strict=True):
        if probability < enough:
            break
        sufficient = count
    return sufficient
