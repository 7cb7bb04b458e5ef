"""A spurious cue: a network that reads a mark at the edge in place of the garment.

The mark is a small white square whose place gives the class away; export/datasets/variants.py
draws it when the network is trained, and its place is on the card. A real case: Lapuschkin et al.
2019, "Unmasking Clever Hans predictors", arXiv 1902.10178 (horses known by a photographer's name).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dashboard.attribution.base import Method, Question
from dashboard.inference.cards import Card, ModelCard
from dashboard.inference.model import Floats, Model
from dashboard.inference.preprocessing import Pixels, normalize
from dashboard.inference.probability import compute_probability
from dashboard.limits.maps import Report, draw_heats, report_nothing

UNMARKED = -1


@dataclass(frozen=True)
class Accuracy:
    """Shares of the test images that get their class, in percent, by what is drawn on them."""

    unmarked: float
    right_mark: float
    wrong_mark: float


@dataclass(frozen=True)
class Cue:
    """The mark of class k: rows ``row`` to ``row + side``, columns from ``columns[k]``.

    ``honest`` and ``cheating`` are members of the sweep; ``reliability`` is the percentage of
    training images whose mark told their class.
    """

    row: int
    side: int
    columns: tuple[int, ...]
    value: int
    honest: str
    cheating: str
    reliability: float
    honest_accuracy: float
    accuracy: Accuracy


@dataclass(frozen=True)
class Look:
    """A network before a garment with one mark: its answer, and the map of that answer.

    ``on_mark`` is the share of what speaks for the answer that lies on the mark, in [0, 1].
    """

    mark: int
    answer: int
    probability: float
    of_garment: float
    heat: Floats | None
    on_mark: float | None


def read_cue(card: ModelCard) -> Cue | None:
    """Return what the sweep's card says of the mark, None where it ships no such network."""
    try:
        mark, runs = card.details["mark"], card.details["runs"]
        cheating = _find(card, runs, "cue")
        honest = _find(card, runs, "size")
        found = runs[cheating]
        return Cue(
            row=int(mark["row"]),
            side=int(mark["side"]),
            columns=tuple(int(column) for column in mark["columns"]),
            value=int(mark["value"]),
            honest=honest,
            cheating=cheating,
            reliability=float(found["percent"]),
            honest_accuracy=float(runs[honest]["accuracy"]["value"]),
            accuracy=Accuracy(
                float(found["accuracy"]["value"]),
                float(found["mark_right"]["value"]),
                float(found["mark_swapped"]["value"]),
            ),
        )
    except (KeyError, TypeError, ValueError):
        return None


def _find(card: ModelCard, runs: Mapping[str, Any], kind: str) -> str:
    """Return the shipped run of a kind with the largest value."""
    shipped = [name for name in card.members if name in runs and runs[name]["kind"] == kind]
    return max(shipped, key=lambda name: float(runs[name]["percent"]))


def draw_mark(pixels: Pixels, cue: Cue, mark: int) -> Pixels:
    """Return a picture (H, W) with the mark of a class, or as it is for ``UNMARKED``."""
    marked = pixels.copy()
    if mark != UNMARKED:
        left = cue.columns[mark]
        marked[cue.row : cue.row + cue.side, left : left + cue.side] = cue.value
    return marked


def compute_share_on_mark(heat: Floats, cue: Cue, mark: int) -> float | None:
    """Return the share of the map's positive part (H, W) on the mark; None where there is none."""
    positive = np.maximum(heat, 0).astype(np.float64)
    total = float(positive.sum())
    if mark == UNMARKED or total == 0:
        return None
    left = cue.columns[mark]
    return float(positive[cue.row : cue.row + cue.side, left : left + cue.side].sum()) / total


def to_inputs(pixels: Pixels, card: Card) -> Floats:
    """Return a grey picture (H, W) as the network's input (1, 1, H, W)."""
    return normalize(np.repeat(pixels[np.newaxis, ..., np.newaxis], 3, axis=3), card)


def look_at_marks(
    model: Model,
    card: Card,
    garment: Pixels,
    label: int,
    cue: Cue,
    marks: Sequence[int],
    method: Method,
) -> list[Look]:
    """Return what a network makes of a garment (H, W) of class ``label`` under each mark."""
    return [_look(model, card, garment, label, cue, mark, method) for mark in marks]


def _look(
    model: Model, card: Card, garment: Pixels, label: int, cue: Cue, mark: int, method: Method
) -> Look:
    inputs = to_inputs(draw_mark(garment, cue, mark), card)
    logits = model.predict(inputs)
    answer = int(logits[0].argmax())
    heat = draw_heats(model, Question(inputs, answer), (method,))[method.name]
    return Look(
        mark,
        answer,
        float(compute_probability(logits, answer)[0]),
        float(compute_probability(logits, label)[0]),
        heat,
        None if heat is None else compute_share_on_mark(heat, cue, mark),
    )


@dataclass(frozen=True)
class Betrayal:
    """How well a method's maps tell two networks apart: mean shares on the mark, in [0, 1].

    ``told`` is the share of garments on which the cheating network's map has more on the mark.
    """

    method: Method
    honest: float
    cheating: float
    told: float


def survey_methods(
    models: tuple[Model, Model],
    card: Card,
    garments: Sequence[tuple[Pixels, int]],
    cue: Cue,
    methods: Sequence[Method],
    report: Report = report_nothing,
) -> list[Betrayal]:
    """Return what each method's maps show of the right mark, on garments (H, W) of given classes.

    ``models`` are the honest and the cheating network.
    """
    found = []
    for index, method in enumerate(methods):
        report(f"{method.label} on {len(garments)} garments", index / len(methods))
        shares = np.array(
            [
                [
                    look_at_marks(model, card, pixels, label, cue, (label,), method)[0].on_mark or 0
                    for model in models
                ]
                for pixels, label in garments
            ]
        )  # (garments, 2)
        told = float((shares[:, 1] > shares[:, 0]).mean())
        honest, cheating = (float(each) for each in shares.mean(axis=0))
        found.append(Betrayal(method, honest, cheating, told))
    return found
