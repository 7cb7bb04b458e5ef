"""What the texts in a link mean: parsers of options, numbers and switches.

A parser returns None for a text that means nothing: a shared link must never break a page.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")

_SWITCH = {"True": True, "1": True, "False": False, "0": False}
parse_switch = _SWITCH.get


def parse_option(options: Sequence[T]) -> Callable[[str], T | None]:
    """Return a parser of what ``str`` makes of an option."""
    return lambda text: next((each for each in options if str(each) == text), None)


def parse_whole(low: int, high: int) -> Callable[[str], int | None]:
    """Return a parser of whole numbers from ``low`` to ``high``, of at most six digits."""

    def parse(text: str) -> int | None:
        # Python itself refuses to read a number of thousands of digits, by an error.
        if not (text.isascii() and text.isdecimal() and len(text) <= 6):
            return None
        return int(text) if low <= int(text) <= high else None

    return parse


def parse_real(low: float, high: float) -> Callable[[str], float | None]:
    """Return a parser of numbers from ``low`` to ``high``."""

    def parse(text: str) -> float | None:
        try:
            value = float(text)  # of any length: what is too large is infinite
        except ValueError:
            return None
        return value if low <= value <= high else None

    return parse


def parse_number(options: Sequence[T]) -> Callable[[str], T | None]:
    """Return a parser of numbers that are among the options, however they are written."""

    def parse(text: str) -> T | None:
        try:
            value = float(text)  # of any length: what is too large is infinite
        except ValueError:
            return None
        return next((each for each in options if each == value), None)

    return parse
