"""A number with its noun, in the singular where it is one."""

from __future__ import annotations


def tell_count(count: int, one: str, many: str = "") -> str:
    """Return "1 piece" or "1,200 pieces"; ``many`` is wanted where no s is added at the end."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
