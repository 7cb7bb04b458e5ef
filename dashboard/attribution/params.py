"""A method's controls, declared beside the method; the page draws whatever is declared here."""

from __future__ import annotations

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


@dataclass(frozen=True)
class ChoiceParam:
    """One of ``choices``."""

    name: str
    label: str
    default: str
    choices: tuple[str, ...]
    help: str = ""


Param = IntParam | FloatParam | ChoiceParam
Params = Mapping[str, Value]


def compute_defaults(params: Sequence[Param]) -> dict[str, Value]:
    """Return every parameter's default by name."""
    return {param.name: param.default for param in params}
