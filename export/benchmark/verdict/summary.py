"""Records of pictures, added up, each figure with its 95 % interval over pictures (bootstrap)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from dashboard.faithfulness.verdict import LEVEL, Outcome

from export.benchmark.verdict.trial import TRUTH, Record

N_RESAMPLES = 2000
JUDGING = ("grey", "blur")

Row = dict[str, Any]


def estimate(per_picture: Sequence[Sequence[float]]) -> Row | None:
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
    flat = np.concatenate([np.asarray(values, float) for values in kept])
    if np.isin(flat, (0, 1)).all() and low == high:
        low, high = max(0.0, mean - 3 / len(kept)), min(1.0, mean + 3 / len(kept))
    figures = {"mean": mean, "low": low, "high": high}
    return {name: round(value, 4) for name, value in figures.items()} | {"pictures": len(kept)}


def summarize(records: Sequence[Record]) -> Row:
    """Return the figures of one network."""
    judged = [record for record in records if not record["obstacle"]]
    return {
        "pictures": len(records),
        "judged": len(judged),
        "random": summarize_noise(judged),
        "shuffled": _share_green(judged, lambda record: record["shuffled"].values()),
        "blind": _share_green(judged, lambda record: record["blind"].values()),
        "another": _share_green(judged, lambda record: record.get("another", {}).values()),
        "truth": _share_green(judged, lambda record: [record[TRUTH]] if TRUTH in record else []),
        "removals_agree": estimate([_agree(record) for record in judged]),
        "seeds_agree": estimate([_repeat(record) for record in judged]),
        "methods": summarize_methods(judged),
    }


def summarize_noise(judged: Sequence[Record]) -> Row:
    """Return how often maps of noise have p < .05 under each removal, and how often are green."""
    removals = judged[0]["random"][0]["p"] if judged else ()
    false = {
        removal: estimate([[each["p"][removal] < LEVEL for each in r["random"]] for r in judged])
        for removal in removals
    }
    green = _share_green(judged, lambda record: record["random"])
    return {"draws": sum(len(r["random"]) for r in judged), "below_level": false, "green": green}


def summarize_methods(judged: Sequence[Record]) -> dict[str, Row]:
    """Return each method's score, share of green maps, and cost in passes and CPU seconds."""
    names = {name: None for record in judged for name in record["methods"]}
    rows = {}
    for name in names:
        found = [r["methods"][name] for r in judged if r["methods"].get(name, {}).get("scores")]
        if not found:  # never a map with an order of pixels
            continue
        outcomes = [each["outcome"] for each in found]
        rows[name] = {
            "score": estimate([[_score(each)] for each in found]),
            "removals": {
                removal: round(float(np.mean([each["scores"][removal] for each in found])), 4)
                for removal in found[0]["scores"]
            },
            "believable": estimate([[each == Outcome.BELIEVABLE] for each in outcomes]),
            "depends": estimate([[each == Outcome.DEPENDS] for each in outcomes]),
            **{key: _median(found, key) for key in ("forward", "gradients", "seconds")},
        }
    return rows


def find_best(judged: Sequence[Record], rows: Mapping[str, Row]) -> str | None:
    """Return the cheapest method whose score is not clearly below the best one's.

    "Clearly": the paired bootstrap's 95 % interval of the difference lies below 0.
    """
    if not rows:
        return None
    leader = max(rows, key=lambda name: float(rows[name]["score"]["mean"]))

    def is_close(name: str) -> bool:
        gaps = [
            [_score(r["methods"][name]) - _score(r["methods"][leader])]
            for r in judged
            if all(r["methods"].get(each, {}).get("scores") for each in (name, leader))
        ]
        found = estimate(gaps)
        return found is not None and float(found["high"]) >= 0

    return min(filter(is_close, rows), key=lambda name: float(rows[name]["seconds"]))


def _score(row: Mapping[str, Any]) -> float:
    return float(np.mean([row["scores"][removal] for removal in JUDGING]))


def _share_green(
    judged: Sequence[Record], get: Callable[[Record], Iterable[Mapping[str, Any]]]
) -> Row | None:
    shares = [[row["outcome"] == Outcome.BELIEVABLE for row in get(record)] for record in judged]
    return estimate(shares)


def _agree(record: Record) -> list[bool]:
    rows = [row for row in record["methods"].values() if row.get("passed")]
    return [len({row["passed"][removal] for removal in JUDGING}) == 1 for row in rows]


def _repeat(record: Record) -> list[bool]:
    return [row["again"] == row["outcome"] for row in record["methods"].values() if "again" in row]


def _median(rows: Sequence[Mapping[str, Any]], key: str) -> float:
    return float(np.median([row[key] for row in rows]))
