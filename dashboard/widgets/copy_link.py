"""A button that copies the address of the page as it stands; see copy_link.js.

What is the reader's own never leaves this machine, in a link neither: the button says what is left.
"""

from __future__ import annotations

from collections.abc import Sequence

from dashboard import state
from dashboard.figures.base import create_figure

_draw = create_figure("widgets/copy_link")


def draw_copy_link() -> None:
    """Draw the button: the address holds all fields of the page that are not at their default."""
    _draw({"note": describe_left_out(state.get_left_out())}, "copy_link", width="content")


def describe_left_out(left_out: Sequence[str]) -> str:
    """Return one sentence on what a link does not hold, "" where it holds everything."""
    if not left_out:
        return ""
    named = " or ".join(left_out)
    return f"It does not hold {named}: who opens it sees the page without."
