"""The runs of a sweep over training sets, read from its card: what was varied, what came out.

There are two sweeps over the same sets: one gave every run the same few steps, the other trains
each run until more training no longer helps. It takes hours and is on the card as far as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dashboard.inference.cards import ModelCard

SIZE, RARE, NOISE, AUGMENTED = "size", "rare", "noise", "augmented"


@dataclass(frozen=True)
class Run:
    """One training: ``kind`` is what was varied, ``percent`` its value, ``images`` it learnt from.

    It took ``steps``; ``has_converged``: it ended because more did not help. ``accuracy`` (with
    its 95 % interval), ``recalls`` by class and ``confidence``, the mean top probability, are in
    percent of the test images.
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
    steps: int
    has_converged: bool = False


@dataclass(frozen=True)
class Sweep:
    """Runs that are finished, of those ``planned`` by name, with the class that was made rare.

    ``steps``, of ``batch`` images each, is what every run was given, or, where each trained to its
    own convergence, the most that it could have had, judged by ``held_out`` images. ``shipped`` are
    the names of the runs whose weights are at hand; ``converged`` is the other sweep.
    """

    runs: tuple[Run, ...]
    labels: tuple[str, ...]
    rare_class: str
    steps: int
    batch: int
    shipped: frozenset[str] = frozenset()
    planned: tuple[str, ...] = ()
    held_out: int = 0
    converged: Sweep | None = None

    @property
    def how(self) -> str:
        """How long its runs were trained, for a reader."""
        return "each to its own convergence" if self.held_out else f"{self.steps} steps each"

    def has_every(self, kind: str) -> bool:
        """Return whether each planned value of a kind has a finished run, of whatever seed."""
        finished = {_name_value(run.name) for run in self.runs}
        planned = {_name_value(name) for name in self.planned if name.startswith(f"{kind}_")}
        return bool(planned) and planned <= finished

    def choose(self, *kinds: str) -> Sweep:
        """Return the sweep to convergence where it has every value of the kinds, else this one."""
        other = self.converged
        return other if other and all(map(other.has_every, kinds)) else self

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
        steps = int(card.details["steps_a_run"])
        return Sweep(
            tuple(_read_run(name, found, steps) for name, found in runs.items()),
            card.labels,
            str(card.details["rare_class"]),
            steps,
            _get_batch(card),
            frozenset(card.members) & frozenset(runs),
            tuple(runs),
            converged=_read_converged(card),
        )
    except (KeyError, TypeError, ValueError):
        return None


def _read_converged(card: ModelCard) -> Sweep | None:
    told = card.details.get("converged")
    if told is None:
        return None
    most = int(told["most_steps"])
    return Sweep(
        tuple(_read_run(name, found, most) for name, found in told["runs"].items()),
        card.labels,
        str(card.details["rare_class"]),
        most,
        int(told["batch"]),
        planned=tuple(map(str, told["planned"])),
        held_out=int(told["held_out"]),
    )


def _get_batch(card: ModelCard) -> int:
    if card.training is None:
        raise ValueError("a sweep is trained by somebody")
    return card.training.batch


def _name_value(name: str) -> str:
    """Return what a run varies and by how much: its name without the seed."""
    return name.rpartition("_seed_")[0]


def _read_run(name: str, found: Mapping[str, Any], steps: int) -> Run:
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
        int(found.get("steps", steps)),
        bool(found.get("has_converged", False)),
    )


def average(runs: Sequence[Run], of: Callable[[Run], float]) -> float:
    """Return the mean of a figure over runs that differ in the seed only."""
    return sum(of(run) for run in runs) / len(runs)
