"""What the comparison with DIANNA's RISE gave, kept beside the command, and its rows in README."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from export.benchmark.intervals import Interval

RECORD = Path(__file__).with_name("peers.json")
START = "RISE, "  # of README's rows
CELLS = 8  # DIANNA's own default; README compares with these, the record has finer ones too


@dataclass(frozen=True)
class Row:
    """One network, one removal, one variant of ours.

    ``ours`` and ``theirs`` are insertion minus deletion with intervals over rounds, ``lead`` their
    difference with an interval over pictures; ``speed`` is their CPU time by ours (median),
    ``share`` what DIANNA chose to show (median).
    """

    network: str
    removal: str
    pictures: int
    rounds: int
    masks: int
    our_masks: int
    our_cells: int
    ours: Interval
    theirs: Interval
    lead: Interval
    speed: float
    share: float


@dataclass(frozen=True)
class Record:
    """All rows, and DIANNA's version."""

    dianna: str
    rows: tuple[Row, ...]


def read_record(path: Path = RECORD) -> Record:
    """Return what was measured so far."""
    return msgspec.json.decode(path.read_bytes(), type=Record)


def merge(before: Record, now: Record) -> Record:
    """Return a record in which the networks that were measured now have their new rows.

    Raises:
        ValueError: rows of another version of DIANNA would stay.
    """
    names = {row.network for row in now.rows}
    kept = tuple(row for row in before.rows if row.network not in names)
    if kept and before.dianna != now.dianna:
        raise ValueError(f"rows of DIANNA {before.dianna} would stand beside {now.dianna}'s")
    order = list(dict.fromkeys(row.network for row in (*before.rows, *now.rows)))
    rows = sorted((*kept, *now.rows), key=lambda row: order.index(row.network))
    return Record(now.dianna, tuple(rows))


def tell_rows(rows: Sequence[Row]) -> list[str]:
    """Return README's rows."""
    return [
        f"| {START}{row.our_masks} masks: {row.network}, {row.pictures} pictures, "
        f"{row.removal} | {_tell_mean(row.ours)} | {_tell_mean(row.theirs)} | "
        f"{_tell_lead(row.lead)} | {row.speed:.1f} times |"
        for row in rows
        if row.our_cells == CELLS
    ]


def _tell_mean(mean: Interval) -> str:
    return f"{mean.value:.3f} ± {mean.half:.3f}"


def _tell_lead(lead: Interval) -> str:
    return f"{lead.value:+.3f} ({lead.low:+.3f} to {lead.high:+.3f})"
