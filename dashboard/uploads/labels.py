"""The names of an uploaded network's classes: given as text, or ImageNet's."""

from __future__ import annotations

import json
from collections.abc import Sequence

from dashboard.inference.counts import tell_count

MAX_LABELS = 100_000
MAX_BYTES = 4 << 20
MAX_LENGTH = 120

N_IMAGENET = 1000
BACKGROUND = "background"


class LabelError(ValueError):
    """A list of labels cannot be used; the message is one sentence."""


def decode_labels(data: bytes) -> tuple[str, ...]:
    """Return the labels in a text file; raises LabelError."""
    if len(data) > MAX_BYTES:
        raise LabelError(f"The list of labels is larger than {MAX_BYTES >> 20} MB.")
    try:
        return parse_labels(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise LabelError("The list of labels is no text: save it as UTF-8.") from None


def parse_labels(text: str) -> tuple[str, ...]:
    """Return the labels in a text: one a line, or a JSON list, or a JSON object {index: label}.

    Raises:
        LabelError: it is none of these, or has no labels.
    """
    labels = tuple(_tidy(label) for label in _split(text.strip()))
    if not labels:
        raise LabelError("The list of labels is empty: write one label a line.")
    if len(labels) > MAX_LABELS:
        raise LabelError(f"{len(labels):,} labels are too many: at most {MAX_LABELS:,} fit.")
    return labels


def _split(text: str) -> Sequence[str]:
    if not text.startswith(("[", "{")):
        return text.splitlines()
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise LabelError(
            "The list of labels begins like JSON, but is none: write one label a line."
        ) from None
    if isinstance(value, dict):
        value = _order(value)
    if not isinstance(value, list) or not all(isinstance(label, str) for label in value):
        raise LabelError('The labels must be a JSON list of texts, such as ["cat", "dog"].')
    return value


def _order(value: dict[str, object]) -> list[object]:
    keys = [str(index) for index in range(len(value))]
    if set(keys) != set(value):
        raise LabelError("The labels' numbers must run from 0 upwards without a gap.")
    # ImageNet's usual file holds pairs: {"0": ["n01440764", "tench"]}.
    entries = [value[key] for key in keys]
    return [entry[-1] if isinstance(entry, list) and entry else entry for entry in entries]


def _tidy(label: str) -> str:
    line = "".join(letter if letter.isprintable() else " " for letter in label[: 4 * MAX_LENGTH])
    return " ".join(line.split())[:MAX_LENGTH] or "(no name)"


def check_count(labels: Sequence[str], n_classes: int) -> None:
    """Raise LabelError unless there is one label for each class."""
    if len(labels) != n_classes:
        raise LabelError(
            f"The list has {tell_count(len(labels), 'label')}, and the network {n_classes:,} "
            "classes: "
            "write one label a line, in the order of the classes."
        )


def name_classes(n_classes: int, imagenet: Sequence[str] = ()) -> tuple[str, ...]:
    """Return names for classes that have none: ImageNet's where their number fits, else numbers."""
    if len(imagenet) == N_IMAGENET and n_classes == N_IMAGENET:
        return tuple(imagenet)
    if len(imagenet) == N_IMAGENET and n_classes == N_IMAGENET + 1:
        return (BACKGROUND, *imagenet)  # TensorFlow's way of counting
    return tuple(f"class {index}" for index in range(n_classes))
