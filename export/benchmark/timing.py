"""Taking turns: two pieces of work measured in one run, compared as a ratio."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

Work = Callable[[], object]


@dataclass(frozen=True)
class Row:
    """One task by every engine that does it; ``bounds`` are what the project set out to reach."""

    task: str
    engines: Mapping[str, Work]
    bounds: Mapping[str, float]


def time_once(work: Work, threads: int) -> float:
    """Return seconds: CPU time on one thread, else wall time."""
    clock = time.process_time if threads == 1 else time.perf_counter
    start = clock()
    work()
    return clock() - start


def measure(row: Row, rounds: int, threads: int) -> dict[str, list[float]]:
    """Return each engine's times; the engines take turns, so that noise falls on all alike."""
    for work in row.engines.values():
        work()  # not counted: the first run allocates
    times: dict[str, list[float]] = {name: [] for name in row.engines}
    for _ in range(rounds):
        for name, work in row.engines.items():
            times[name].append(time_once(work, threads))
    return times


def describe(row: Row, times: Mapping[str, Sequence[float]]) -> str:
    """Return one line: the median ratio of every other engine to ONNX, and its bound."""
    parts = []
    for name, values in times.items():
        if name == "ONNX":
            continue
        ratio = statistics.median(a / b for a, b in zip(values, times["ONNX"], strict=True))
        bound = row.bounds.get(name)
        wanted = "" if bound is None else f" (wanted >= {bound}x)"
        parts.append(f"{name} {ratio:5.2f}x{wanted}")
    return f"{row.task:34s} {'   '.join(parts)}"


def compare(first: Work, second: Work, rounds: int, threads: int) -> float:
    """Return the median of time(first) / time(second) over rounds in which they take turns."""
    times = measure(Row("", {"first": first, "second": second}, {}), rounds, threads)
    pairs = zip(times["first"], times["second"], strict=True)
    return statistics.median(a / b for a, b in pairs)
