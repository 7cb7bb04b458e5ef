"""A number with its noun, in the singular where it is one, or a share with its sign."""

from __future__ import annotations


def tell_count(count: int, one: str, many: str = "") -> str:
    """Return "1 piece" or "1,200 pieces"; ``many`` is wanted where no s is added at the end."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def tell_share(share: float, digits: int = 0) -> str:
    """Return a share (0.93) as "93 %" with a no-break space, as ``percent`` in core.js does."""
    return f"{100 * share:.{digits}f}\u00a0%".replace("-", "−")
