"""The task of pure memory, played live: which letter came first, after so many others?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dashboard.inference.cards import ModelCard
from dashboard.inference.graphs import OnnxGraph
from dashboard.inference.probability import compute_probabilities

MAX_LAG = 256
FAR = 32  # letters back, where a gradient that fades is still a number
TRIES = 100


@dataclass(frozen=True)
class Game:
    """One row of letters, what each network says came first, and how often it is right.

    ``answers`` are (letter, probability) by network; ``shares`` right of ``tries`` rows, in [0, 1].
    """

    letters: str
    first: str
    answers: Mapping[str, tuple[str, float]]
    shares: Mapping[str, float]
    tries: int


def draw_rows(symbols: int, lag: int, seed: int, count: int = TRIES) -> NDArray[np.int64]:
    """Return rows (count, lag + 2): a letter, ``lag`` others of the same letters, the question."""
    rows = np.random.default_rng((seed, lag)).integers(0, symbols, (count, lag + 1))
    return np.concatenate([rows, np.full((count, 1), symbols)], axis=1).astype(np.int64)


def play(networks: Mapping[str, OnnxGraph], symbols: Sequence[str], lag: int, seed: int) -> Game:
    """Return what networks make of rows that they have never seen; the first row is shown."""
    rows = draw_rows(len(symbols), lag, seed)
    answers, shares = {}, {}
    for name, network in networks.items():
        logits = network.run({"tokens": rows}, ("logits",))["logits"]
        chosen = int(logits[0].argmax())
        answers[name] = (symbols[chosen], float(compute_probabilities(logits[0])[chosen]))
        shares[name] = float((logits.argmax(1) == rows[:, 0]).mean())
    letters = "".join(symbols[number] for number in rows[0, :-1])
    return Game(letters, symbols[rows[0, 0]], answers, shares, len(rows))


def read_accuracy(card: ModelCard, protocol: str) -> dict[int, float]:
    """Return the card's accuracy (percent) by lag.

    ``protocol`` is "near", trained with short lags among the long ones, or "even", all lags equally
    likely.
    """
    if protocol == "near":
        found = {name: metric.value for name, metric in card.metrics.items()}
        return {int(k.removeprefix("lag/")): v for k, v in found.items() if k.startswith("lag/")}
    even = card.details["even"]["accuracy"]
    return {int(lag): float(metric["value"]) for lag, metric in even.items()}


@dataclass(frozen=True)
class FirstWeights:
    """One way to start a network, all lags alike from there on; ``what`` it is, for a reader.

    ``left`` is the untrained gradient by a letter 32 back, as a share of that by one just read;
    ``shares`` right at ``MAX_LAG``, in percent, and ``losses`` at the end, one a seed.
    """

    what: str
    left: float
    shares: tuple[float, ...]
    losses: tuple[float, ...]


def read_first_weights(card: ModelCard) -> tuple[FirstWeights, ...]:
    """Return the starts that the card compares, the one of its own ``even`` first; maybe none."""
    starts = card.details["even"].get("first_weights", {}).get("starts", [])
    return tuple(
        FirstWeights(
            str(start["what"]),
            float(start["gradient_norm"][str(FAR)]) / float(start["gradient_norm"]["1"]),
            tuple(float(run["accuracy"][str(MAX_LAG)]) for run in start["runs"]),
            tuple(float(run["loss"]) for run in start["runs"]),
        )
        for start in starts
    )


def read_gradient_norms(card: ModelCard, when: str) -> dict[int, float]:
    """Return the card's norm of the gradient by lag; ``when``: "untrained", "trained", "even"."""
    return {int(lag): float(norm) for lag, norm in card.details["gradient_norm"][when].items()}
