"""Reading JSON without trust: every access checks the type and says what is wrong, and where."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any


class FieldError(ValueError):
    """A field is missing or has the wrong type; the message names the field."""


class Fields:
    """A JSON object whose fields are read one by one, each with the type that is expected.

    Every method raises FieldError where the field is missing or of another type.
    """

    def __init__(self, values: Mapping[str, Any], path: str = "") -> None:
        self.values = values
        self._path = path

    def __contains__(self, key: str) -> bool:
        return key in self.values

    def any(self, key: str) -> Any:
        """Return the field, whatever it is."""
        if key not in self.values:
            raise FieldError(f'"{self._path}{key}" is missing')
        return self.values[key]

    def text(self, key: str) -> str:
        """Return a text that is not empty."""
        value = self.any(key)
        if not isinstance(value, str) or not value:
            raise FieldError(f'"{self._path}{key}" must be a text')
        return value

    def choice(self, key: str, choices: tuple[str, ...]) -> str:
        """Return a text that is one of ``choices``."""
        value = self.text(key)
        if value not in choices:
            raise FieldError(f'"{self._path}{key}" must be one of {", ".join(choices)}')
        return value

    def count(self, key: str) -> int:
        """Return a whole number of at least 1."""
        value = self.any(key)
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise FieldError(f'"{self._path}{key}" must be a whole number above 0')
        return value

    def number(self, key: str) -> float:
        """Return a finite number of at least 0."""
        value = self.any(key)
        if not _is_finite(value) or value < 0:
            raise FieldError(f'"{self._path}{key}" must be a number of at least 0')
        return float(value)

    def real(self, key: str) -> float:
        """Return a finite number of either sign."""
        value = self.any(key)
        if not _is_finite(value):
            raise FieldError(f'"{self._path}{key}" must be a number')
        return float(value)

    def pairs(self, key: str) -> tuple[tuple[int, float], ...]:
        """Return a list of pairs of a whole number and a finite number."""
        value = self.any(key)
        if not isinstance(value, list) or not all(map(_is_pair, value)):
            raise FieldError(f'"{self._path}{key}" must be a list of pairs [step, number]')
        return tuple((int(step), float(number)) for step, number in value)

    def axes(self, key: str) -> tuple[str | int, ...]:
        """Return a list of sizes (whole numbers above 0) and names of dynamic axes."""
        value = self.any(key)
        if not isinstance(value, list) or not all(map(_is_axis, value)):
            raise FieldError(f'"{self._path}{key}" must be a list of sizes and names')
        return tuple(value)

    def numbers(self, key: str, length: int) -> tuple[float, ...]:
        """Return a list of ``length`` finite numbers."""
        value = self.any(key)
        if not isinstance(value, list) or len(value) != length or not all(map(_is_finite, value)):
            raise FieldError(f'"{self._path}{key}" must be a list of {length} numbers')
        return tuple(float(item) for item in value)

    def texts(self, key: str) -> dict[str, str]:
        """Return an object whose values are all texts."""
        value = self.any(key)
        if not isinstance(value, dict) or not all(isinstance(v, str) for v in value.values()):
            raise FieldError(f'"{self._path}{key}" must be an object of texts')
        return dict(value)

    def fields(self, key: str) -> Fields:
        """Return an object, to be read field by field."""
        value = self.any(key)
        if not isinstance(value, dict):
            raise FieldError(f'"{self._path}{key}" must be an object')
        return Fields(value, f"{self._path}{key}.")


def load_json(path: Path) -> Any:
    """Return what a JSON file holds.

    Raises:
        FieldError: there is no such file, or it is not JSON; the message does not name the file.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise FieldError("the file is missing") from None
    except (OSError, UnicodeDecodeError):
        raise FieldError("the file cannot be read") from None
    except json.JSONDecodeError as error:
        raise FieldError(f"line {error.lineno} is not JSON") from None


def load_fields(path: Path) -> Fields:
    """Return the object that a JSON file holds; raises FieldError as ``load_json`` does."""
    value = load_json(path)
    if not isinstance(value, dict):
        raise FieldError("the file must hold a JSON object")
    return Fields(value)


def _is_finite(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_pair(value: object) -> bool:
    return (
        isinstance(value, list)
        and len(value) == 2
        and isinstance(value[0], int)
        and _is_finite(value[1])
    )


def _is_axis(value: object) -> bool:
    if isinstance(value, str):
        return bool(value)
    return isinstance(value, int) and not isinstance(value, bool) and value > 0
