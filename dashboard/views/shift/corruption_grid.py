"""A picture under every corruption at every severity: a heat map to open; see the .js."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import streamlit as st

_HERE = Path(__file__).parent

_component = st.components.v2.component(
    "glass_box_corruption_grid",
    html='<div class="grid"></div>\n<!-- filled by corruption_grid.js -->',
    css=(_HERE / "corruption_grid.css").read_text(encoding="utf-8"),
    js=(_HERE / "corruption_grid.js").read_text(encoding="utf-8"),
)


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
    rows: Sequence[GridRow], answer: str, is_small: bool, on_pick: Callable[[], None], key: str
) -> None:
    """Draw the grid; ``answer`` names the first answer. A pick is read with ``read_pick``."""
    _component(
        data={"rows": [asdict(row) for row in rows], "answer": answer, "is_small": is_small},
        key=key,
        on_pick_change=on_pick,
    )


def read_pick(value: Any, names: Sequence[str]) -> str | None:
    """Return the corruption in what the browser sent, None if it is none of ``names``."""
    sent = getattr(value, "pick", None)
    return sent if isinstance(sent, str) and sent in names else None
