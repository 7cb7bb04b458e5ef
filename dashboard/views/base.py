"""What a page is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class View:
    """One page: its path in the URL, its name and icon (an emoji) in the menu, what draws it.

    ``help`` is one sentence on what the page is for. ``render`` takes the name of the model that
    the sidebar chose.
    """

    slug: str
    title: str
    icon: str
    help: str
    render: Callable[[str], None]
