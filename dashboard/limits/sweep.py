"""The runs of a sweep over training sets, read from its card: what was varied, what came out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dashboard.inference.cards import ModelCard

SIZE, RARE, NOISE, AUGMENTED = "size", "rare", "noise", "augmented"


@dataclass(frozen=True)
class Run:
    """One training: ``kind`` is what was varied, ``percent`` its value, ``images`` it learnt from.

    ``accuracy`` (with its 95 % interval), ``recalls`` by class and ``confidence``, the mean top
    probability, are in percent of the test images.
    """

    name: str
    kind: str
    percent: float
    seed: int
    images: int
    accuracy: float
    low: float
    high: float
    tested: int
    recalls: tuple[float, ...]
    confidence: float


@dataclass(frozen=True)
class Sweep:
    """All runs, with the class that was made rare and the steps that every run was given.

    ``shipped`` are the names of the runs whose weights are at hand.
    """

    runs: tuple[Run, ...]
    labels: tuple[str, ...]
    rare_class: str
    steps: int
    shipped: frozenset[str]

    def list_runs(self, kind: str) -> dict[float, list[Run]]:
        """Return the runs of a kind by their value, in order.

        A run on the whole set, nothing rare and no label wrong, ends the rows of those kinds too.
        """
        groups: dict[float, list[Run]] = {}
        for run in self.runs:
            if run.kind == kind:
                groups.setdefault(run.percent, []).append(run)
        whole = [run for run in self.runs if run.kind == SIZE and run.percent == 100]
        if kind == RARE:
            groups[100.0] = whole
        if kind == NOISE:
            groups[0.0] = whole[:1]
        return dict(sorted(groups.items()))

    @property
    def rare_index(self) -> int:
        """The index of the class that was made rare."""
        return self.labels.index(self.rare_class)


def read_sweep(card: ModelCard) -> Sweep | None:
    """Return what the card tells of its runs, None where it does not tell it."""
    try:
        runs = card.details["runs"]
        return Sweep(
            tuple(_read_run(name, found) for name, found in runs.items()),
            card.labels,
            str(card.details["rare_class"]),
            int(card.details["steps_a_run"]),
            frozenset(card.members) & frozenset(runs),
        )
    except (KeyError, TypeError, ValueError):
        return None


def _read_run(name: str, found: Mapping[str, Any]) -> Run:
    accuracy = found["accuracy"]
    return Run(
        name,
        str(found["kind"]),
        float(found["percent"]),
        int(found["seed"]),
        int(found["training_images"]),
        float(accuracy["value"]),
        float(accuracy["low"]),
        float(accuracy["high"]),
        int(accuracy["n"]),
        tuple(float(recall) for recall in found["recalls"]),
        float(found["confidence"]),
    )


def average(runs: Sequence[Run], of: Callable[[Run], float]) -> float:
    """Return the mean of a figure over runs that differ in the seed only."""
    return sum(of(run) for run in runs) / len(runs)
