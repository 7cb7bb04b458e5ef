"""A method's controls, declared beside the method; the page draws whatever is declared here.

Values travel in the URL, so every parameter parses its own text and falls back to its default
when the text is not a legal value (a shared link must never break a page).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Value = int | float | str


@dataclass(frozen=True)
class IntParam:
    """A whole number in ``[minimum, maximum]``, moved in steps of ``step``."""

    name: str
    label: str
    default: int
    minimum: int
    maximum: int
    step: int = 1
    help: str = ""

    def parse(self, text: str) -> int:
        """Return the value written in ``text``, clipped to the range; the default if unreadable."""
        try:
            return min(max(int(text), self.minimum), self.maximum)
        except ValueError:
            return self.default


@dataclass(frozen=True)
class FloatParam:
    """A real number in ``[minimum, maximum]``, moved in steps of ``step``."""

    name: str
    label: str
    default: float
    minimum: float
    maximum: float
    step: float
    help: str = ""

    def parse(self, text: str) -> float:
        """Return the value written in ``text``, clipped to the range; the default if unreadable."""
        try:
            value = float(text)
        except ValueError:
            return self.default
        return min(max(value, self.minimum), self.maximum) if math.isfinite(value) else self.default


@dataclass(frozen=True)
class ChoiceParam:
    """One of ``choices``."""

    name: str
    label: str
    default: str
    choices: tuple[str, ...]
    help: str = ""

    def parse(self, text: str) -> str:
        """Return ``text`` if it is one of the choices, else the default."""
        return text if text in self.choices else self.default


Param = IntParam | FloatParam | ChoiceParam
Params = Mapping[str, Value]


def compute_defaults(params: Sequence[Param]) -> dict[str, Value]:
    """Return every parameter's default by name."""
    return {param.name: param.default for param in params}


def parse_params(params: Sequence[Param], texts: Mapping[str, str]) -> dict[str, Value]:
    """Return a full set of legal values from (untrusted) texts; what is missing is the default."""
    return {p.name: p.parse(texts[p.name]) if p.name in texts else p.default for p in params}
