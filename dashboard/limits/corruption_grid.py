"""One picture under one corruption with its maps, and under all corruptions at all severities."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from dashboard.attribution.base import Method, Question
from dashboard.inference.model import Floats
from dashboard.inference.preprocessing import Pixels
from dashboard.inference.probability import compute_probabilities
from dashboard.inference.sight import Sight
from dashboard.limits.maps import Report, draw_heats, report_nothing
from dashboard.stress.base import MAX_SEVERITY, Corruption, corrupt_views

_WORKERS = 2


@dataclass(frozen=True, eq=False)
class CorruptedView:
    """A picture (H, W, 3) at a severity, its probabilities (K,) and each method's map (H, W)."""

    severity: int
    view: Pixels
    probs: Floats
    heats: dict[str, Floats | None]


@dataclass(frozen=True, eq=False)
class Cell:
    """A picture of the grid: how probable the first answer still is, and what the answer is now."""

    corruption: str
    severity: int
    probability: float
    answer: int
    answer_probability: float
    view: Pixels


def corrupt_picture(sight: Sight, corruption: Corruption, severity: int) -> Pixels:
    """Return what the network sees (H, W, 3), corrupted; in one grey plane if it sees no colour."""
    views = corrupt_views(sight.picture[np.newaxis], corruption, severity, sight.is_grey)
    return views.reshape(sight.picture.shape)


def compute_steps(
    sight: Sight, corruption: Corruption, methods: Sequence[Method], report: Report = report_nothing
) -> list[CorruptedView]:
    """Return the picture at severities 0 to 5; all maps explain the untouched picture's answer."""
    steps = []
    for severity in corruption.severities:
        report(f"Severity {severity}", severity / len(corruption.severities))
        view = corrupt_picture(sight, corruption, severity)
        inputs = sight.normalize(view[np.newaxis])
        probs = compute_probabilities(sight.model.predict(inputs))[0].astype(np.float32)
        heats = draw_heats(sight.model, Question(inputs, sight.target), methods)
        steps.append(CorruptedView(severity, view, probs, heats))
    return steps


def compute_grid(
    sight: Sight, corruptions: Sequence[Corruption], report: Report = report_nothing
) -> list[Cell]:
    """Return the cells of ``corruptions`` x severities 1 to 5, corruption by corruption."""
    cells: list[Cell] = []
    for number, (corruption, views) in enumerate(_corrupt_all(sight, corruptions)):
        report(corruption.label, number / len(corruptions))
        probs = compute_probabilities(sight.model.predict(sight.normalize(views)))  # (5, K)
        for index, row in enumerate(probs):
            answer = int(row.argmax())
            cells.append(
                Cell(
                    corruption=corruption.name,
                    severity=index + 1,
                    probability=float(row[sight.target]),
                    answer=answer,
                    answer_probability=float(row[answer]),
                    view=views[index],
                )
            )
    return cells


def _corrupt_all(
    sight: Sight, corruptions: Sequence[Corruption]
) -> Iterator[tuple[Corruption, Pixels]]:
    """Yield each corruption with its views (5, H, W, 3), made while the network is busy."""
    # Not "with": leaving it would wait for all that is still queued when the reader presses Stop.
    pool = ThreadPoolExecutor(_WORKERS)
    try:
        futures = [pool.submit(_corrupt, sight, corruption) for corruption in corruptions]
        for corruption, future in zip(corruptions, futures, strict=True):
            yield corruption, future.result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _corrupt(sight: Sight, corruption: Corruption) -> Pixels:
    levels = range(1, MAX_SEVERITY + 1)
    return np.stack([corrupt_picture(sight, corruption, severity) for severity in levels])
