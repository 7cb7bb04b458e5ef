"""Records of pictures, added up, each figure with its 95 % interval over pictures (bootstrap)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from dashboard.faithfulness.removal import JUDGES
from dashboard.faithfulness.verdict import LEVEL, Outcome

from export.benchmark.verdict.trial import TRUTH, Record
from export.evidence import Estimate, MethodFigures, NetworkFigures

N_RESAMPLES = 2000

Row = Mapping[str, Any]
Rows = Callable[[Record], Iterable[Row]]


def estimate(per_picture: Sequence[Sequence[float]]) -> Estimate | None:
    """Return the mean over all values and its interval; pictures are drawn, not values.

    A share that is 0 or 1 in every picture has no spread to resample: its interval reaches 3 / n
    further (the rule of three, n pictures). None where there is no value.
    """
    kept = [values for values in per_picture if len(values)]
    if not kept:
        return None
    sums = np.array([np.sum(values) for values in kept], float)
    counts = np.array([len(values) for values in kept], float)
    drawn = np.random.default_rng(0).integers(len(kept), size=(N_RESAMPLES, len(kept)))
    means = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    low, high = (float(each) for each in np.quantile(means, [0.025, 0.975]))
    mean = float(sums.sum() / counts.sum())
    if mean in (0.0, 1.0):
        low, high = max(0.0, mean - 3 / len(kept)), min(1.0, mean + 3 / len(kept))
    return Estimate(round(mean, 4), round(low, 4), round(high, 4), len(kept))


def summarize(records: Sequence[Record]) -> NetworkFigures:
    """Return the figures of one network."""
    judged = [record for record in records if not record["obstacle"]]

    def share_green(get: Rows) -> Estimate | None:
        return estimate([[_is_green(row) for row in get(record)] for record in judged])

    removals = list(judged[0]["random"][0]["p"]) if judged else []
    below = {
        removal: estimate([[row["p"][removal] < LEVEL for row in r["random"]] for r in judged])
        for removal in removals
    }
    methods = summarize_methods(judged)
    return NetworkFigures(
        pictures=len(records),
        judged=len(judged),
        draws=sum(len(record["random"]) for record in judged),
        below_level={removal: found for removal, found in below.items() if found},
        noise=share_green(lambda record: record["random"]),
        shuffled=share_green(lambda record: record["shuffled"].values()),
        blind=share_green(lambda record: record["blind"].values()),
        another=share_green(lambda record: record.get("another", {}).values()),
        truth=share_green(lambda record: [record[TRUTH]] if TRUTH in record else []),
        removals_agree=estimate([_agree(record) for record in judged]),
        seeds_agree=estimate([_repeat(record) for record in judged]),
        methods=methods,
        best=find_best(judged, methods),
    )


def summarize_methods(judged: Sequence[Record]) -> dict[str, MethodFigures]:
    """Return each method's score, share of green maps, and cost."""
    names = {name: None for record in judged for name in record["methods"]}
    rows = {}
    for name in names:
        found = [r["methods"][name] for r in judged if _has_scores(r, name)]
        score = estimate([[_score(row)] for row in found])
        believable = estimate([[_is_green(row)] for row in found])
        depends = estimate([[row["outcome"] == Outcome.DEPENDS] for row in found])
        if score is None or believable is None or depends is None:
            continue  # never a map with an order of pixels
        rows[name] = MethodFigures(
            score,
            {key: _average([row["scores"][key] for row in found]) for key in found[0]["scores"]},
            believable,
            depends,
            *(float(np.median([row[key] for row in found])) for key in _COSTS),
        )
    return rows


_COSTS = ("forward", "gradients", "seconds")


def find_best(judged: Sequence[Record], rows: Mapping[str, MethodFigures]) -> str | None:
    """Return the cheapest method whose score is not clearly below the highest one.

    "Clearly": the paired bootstrap's 95 % interval of the difference lies below 0.
    """
    if not rows:
        return None
    leader = max(rows, key=lambda name: rows[name].score.mean)

    def is_close(name: str) -> bool:
        gaps = [
            [_score(record["methods"][name]) - _score(record["methods"][leader])]
            for record in judged
            if _has_scores(record, name) and _has_scores(record, leader)
        ]
        found = estimate(gaps)
        return found is not None and found.high >= 0

    return min(filter(is_close, rows), key=lambda name: rows[name].seconds)


def _has_scores(record: Record, name: str) -> bool:
    return bool(record["methods"].get(name, {}).get("scores"))


def _is_green(row: Row) -> bool:
    return bool(row["outcome"] == Outcome.BELIEVABLE)


def _score(row: Row) -> float:
    return _average([row["scores"][removal.name] for removal in JUDGES])


def _average(values: Sequence[float]) -> float:
    return round(float(np.mean(values)), 4)


def _agree(record: Record) -> list[bool]:
    rows = [row["passed"] for row in record["methods"].values() if row.get("passed")]
    return [len({row[removal.name] for removal in JUDGES}) == 1 for row in rows]


def _repeat(record: Record) -> list[bool]:
    return [row["again"] == row["outcome"] for row in record["methods"].values() if "again" in row]
