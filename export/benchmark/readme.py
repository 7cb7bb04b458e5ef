"""Writes what a command measured into README, so that no figure is copied by hand."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

README = Path(__file__).resolve().parents[2] / "README.md"


def replace_rows(text: str, start: str, rows: Sequence[str]) -> str:
    """Return markdown in which ``rows`` stand where the rows that begin with ``start`` stood.

    Raises:
        ValueError: no row of a table begins so, or such rows are apart.
    """
    found = re.findall(rf"(?:^\| {re.escape(start)}.*\n)+", text, re.MULTILINE)
    if len(found) != 1:
        raise ValueError(f"README must have one place with rows that begin with {start!r}")
    return text.replace(found[0], "".join(f"{row}\n" for row in rows))


def publish(start: str, rows: Sequence[str], path: Path = README) -> None:
    """Put ``rows`` into README in place of those that begin with ``start``."""
    text = replace_rows(path.read_text(encoding="utf-8"), start, rows)
    path.write_text(text, encoding="utf-8")
