"""A picture under every corruption at every severity: a heat map to open; see the .js."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from dashboard.figures.base import Control, create_figure
from dashboard.parsing import parse_option

N_SEVERITIES = 5

_draw = create_figure("views/shift/corruption_grid")


@dataclass(frozen=True)
class GridCell:
    """``probability`` of the first answer; ``told`` is the present answer; ``picture`` a URL."""

    probability: float
    told: str
    is_held: bool
    picture: str


@dataclass(frozen=True)
class GridRow:
    """A corruption with its cells, severity 1 first."""

    name: str
    title: str
    group: str
    cells: Sequence[GridCell]


def draw_grid(
    rows: Sequence[GridRow], answer: str, is_small: bool, corruption: Control[str]
) -> None:
    """Draw the grid; ``answer`` names the first answer, a button chooses another ``corruption``."""
    data = {"rows": [asdict(row) for row in rows], "answer": answer, "is_small": is_small}
    names = [row.name for row in rows]
    cells = [f"{name}-{severity}" for name in names for severity in range(1, N_SEVERITIES + 1)]
    cell = Control("shift.cell", cells[N_SEVERITIES - 1], parse_option(cells))
    _draw(data, "corruption_grid", {"cell": cell, "corruption": corruption})
