"""What a page is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

# The sections of the menu, in their order.
EXPLAIN, PERCEIVE, FAIL = "Explain", "How it perceives", "Where it fails"
GROUPS = (EXPLAIN, PERCEIVE, FAIL)


@dataclass(frozen=True)
class View:
    """One page: its path in the URL, its name and icon (an emoji) in the menu, what draws it.

    ``help`` is one sentence on what the page is for. ``render`` takes the name of the model that
    the sidebar chose. ``group`` is the menu's section; ``has_model`` says whether the page is about
    the sidebar's network, which is offered on such pages only.
    """

    slug: str
    title: str
    icon: str
    help: str
    render: Callable[[str], None]
    group: str = EXPLAIN
    has_model: bool = True
