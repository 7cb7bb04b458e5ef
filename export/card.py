"""A model's card: what learners should know of it, and what the app needs to run it.

Written beside the graphs as ``card.json``; every figure on it is measured at export time or quoted
with its source.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

CARD_FILE = "card.json"


@dataclass(frozen=True)
class Input:
    """The graph's input: ``size`` is the side in pixels."""

    name: str
    layout: str
    channels: int
    size: int


@dataclass(frozen=True)
class Preprocessing:
    """From pixels in [0, 255], RGB, to network values: crop, resize, (pixel - mean) / std."""

    crop: str
    interpolation: str
    mean: tuple[float, ...]
    std: tuple[float, ...]


@dataclass(frozen=True)
class Output:
    """The graph's output and what its numbers are."""

    name: str
    kind: str


@dataclass(frozen=True)
class Quoted:
    """A figure from elsewhere, in percent or in the unit its name ends with, and its source."""

    value: float
    source: str


@dataclass(frozen=True)
class Provenance:
    """Where the weights come from: ``sha256`` is that of the downloaded file."""

    package: str
    version: str
    file: str
    sha256: str
    credit: str


@dataclass(frozen=True)
class Parity:
    """Largest absolute difference of the logits between torch and ONNX Runtime."""

    max_abs_diff: float
    n_inputs: int
    batch_sizes: tuple[int, ...]


@dataclass(frozen=True)
class GradientParity:
    """Relative L2 distance of d score / d image from torch's float64 gradient.

    ``onnx`` is that of the exported float32 graph, ``torch`` that of torch's own float32.
    """

    onnx: float
    torch: float
    n_inputs: int


@dataclass(frozen=True)
class Card:
    """Everything on a card; ``labels`` is a path relative to the card."""

    name: str
    title: str
    family: str
    task: str
    summary: str
    labels: str
    input: Input
    preprocessing: Preprocessing
    output: Output
    layers: Mapping[str, str]
    parameters: int
    macs: int
    published: Mapping[str, Quoted]
    licence: str
    provenance: Provenance
    opset: int
    parity: Parity
    exported_with: Mapping[str, str]
    gradient_parity: GradientParity | None = None
    files: Mapping[str, str] = field(default_factory=dict)


def compute_sha256(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_card(card: Card, folder: Path) -> None:
    """Write the card into ``folder``, with the SHA-256 of every other file there."""
    write_json_card(asdict(card), folder)


def write_json_card(card: Mapping[str, object], folder: Path) -> None:
    """Write a card that is a JSON object already; ``files`` is filled in here."""
    sums = {
        path.name: compute_sha256(path)
        for path in sorted(folder.iterdir())
        if path.name != CARD_FILE
    }
    text = json.dumps({**card, "files": sums}, indent=2, ensure_ascii=False, allow_nan=False)
    (folder / CARD_FILE).write_text(_put_lists_of_numbers_on_one_line(text) + "\n", "utf-8")


def _put_lists_of_numbers_on_one_line(text: str) -> str:
    """Keep histories readable: thousands of lines of one number each say nothing to a reader."""
    return re.sub(
        r"\[\s*(-?[\d.][^\[\]\"{}]*?)\s*\]",
        lambda match: "[" + re.sub(r"\s*,\s*", ", ", match[1]) + "]",
        text,
    )
