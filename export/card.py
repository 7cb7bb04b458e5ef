"""A model's card: what a network in the zoo expects, returns and claims.

Written beside the graphs as ``card.json``; every figure on it is measured at export time or quoted
with its source. ``export`` writes these structures and the dashboard reads them, so this module
imports neither side, and no torch. Both decode strictly: a card that does not say all it must is
refused as a whole, because a guessed preprocessing would give wrong predictions without any error.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta

CARD_FILE = "card.json"
PREDICT_FILE = "predict.onnx"
EXPLAIN_FILE = "explain.onnx"

Text = Annotated[str, Meta(min_length=1)]
Count = Annotated[int, Meta(ge=1)]
Amount = Annotated[float, Meta(ge=0)]
Sha256 = Annotated[str, Meta(pattern="^[0-9a-fA-F]{64}$")]


class CardError(ValueError):
    """A card is not right; the message names the field by its path."""


@dataclass(frozen=True)
class Input:
    """The graph's input: ``channels`` is 1 (grey) or 3 (RGB), ``size`` the side in pixels."""

    name: Text
    layout: Literal["NCHW"]
    channels: Literal[1, 3]
    size: Count


@dataclass(frozen=True)
class Preprocessing:
    """From pixels in [0, 255] to network values: crop, resize, then (pixel - mean) / std."""

    crop: Literal["center_square"]
    interpolation: Literal["nearest", "bilinear", "bicubic", "lanczos"]
    mean: tuple[float, ...]
    std: tuple[Annotated[float, Meta(gt=0)], ...]


@dataclass(frozen=True)
class Output:
    """The graph's output: its name, and what its numbers are."""

    name: Text
    kind: Literal["logits"]


@dataclass(frozen=True)
class Quoted:
    """A figure that others measured, in percent or in the unit its name ends with, and where."""

    value: Amount
    source: Text


@dataclass(frozen=True)
class Provenance:
    """Where published weights come from: ``sha256`` is that of the package's file."""

    package: Text
    version: Text
    file: Text
    sha256: Text
    credit: Text


@dataclass(frozen=True)
class Parity:
    """Largest absolute difference of the outputs between torch and the exported graph."""

    max_abs_diff: Amount
    n_inputs: Count
    batch_sizes: tuple[Count, ...]


@dataclass(frozen=True)
class GradientParity:
    """Relative L2 distances of d score / d input from torch's float64 gradient.

    ``onnx`` is that of the exported float32 graph, ``torch`` that of torch's own float32.
    """

    onnx: Amount
    torch: Amount
    n_inputs: Count


@dataclass(frozen=True)
class Metric:
    """A figure with its 95 % interval, measured on ``n`` cases; ``what`` says it in a sentence."""

    value: float
    low: float
    high: float
    n: Count
    unit: str
    what: Text


@dataclass(frozen=True)
class Energy:
    """Watt-hours: an estimate, its bounds, and how it was estimated."""

    value: Amount
    low: Amount
    high: Amount
    unit: Text
    how: Text


@dataclass(frozen=True)
class Training:
    """How the weights came to be: what a reader needs to do it again and what it cost.

    ``history`` is (step, loss) on the way.
    """

    command: Text
    seed: Annotated[int, Meta(ge=0)]
    steps: Count
    batch: Count
    seconds: Amount
    core_seconds: Amount
    energy: Energy
    machine: Text
    history: tuple[tuple[int, float], ...] = ()


@dataclass(frozen=True)
class Port:
    """One input or output of a graph: ``axes`` are sizes or, as texts, dynamic ("N": the batch)."""

    dtype: Literal["float32", "int64", "bool"]
    axes: tuple[Count | Text, ...]
    meaning: Text


@dataclass(frozen=True)
class GraphSpec:
    """What a graph takes and returns, by name, in the graph's order; ``layers`` are inside it."""

    inputs: Mapping[str, Port]
    outputs: Mapping[str, Port]
    layers: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ModelCard:
    """What every model's card says. ``name`` is the folder's name.

    ``limits`` says where the model fails; ``labels`` are the names of its classes in order, if it
    knows classes, and ``labels_credit`` whose names they are; ``graphs`` maps the file of a graph
    to what it takes and returns; ``macs`` are multiply-accumulates for one input; ``metrics`` maps
    a measure to its figure and ``floors`` to the least value it may have; ``training`` is None
    where others trained; ``members`` maps the name of other weights for the same graph to their
    file; ``details`` is what the pages of this task need, as JSON; ``files`` maps each file of the
    folder to its SHA-256.

    Raises:
        ValueError: ``files`` lacks one that it must list, or names one outside the folder.
    """

    name: Text
    title: Text
    family: Text
    task: Text
    summary: Text
    limits: str = ""
    labels: tuple[str, ...] = ()
    labels_credit: str = ""
    graphs: Mapping[str, GraphSpec] = field(default_factory=dict)
    parameters: Count
    macs: Count
    metrics: Mapping[str, Metric] = field(default_factory=dict)
    floors: Mapping[str, float] = field(default_factory=dict)
    training: Training | None = None
    source: Mapping[str, str] = field(default_factory=dict)
    licence: Text
    opset: Count
    parity: Parity
    gradient_parity: GradientParity | None
    exported_with: Mapping[str, str] = field(default_factory=dict)
    members: Mapping[str, str] = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, Sha256]

    def __post_init__(self) -> None:
        if PREDICT_FILE not in self.files:
            raise ValueError(f"`files` must list {PREDICT_FILE}")
        for name in self.files:
            if Path(name).name != name:  # a card must not reach outside its own folder
                raise ValueError(f"`files` must hold plain file names, not {name}")
        for name, file in self.members.items():
            if file not in self.files:
                raise ValueError(f"`members.{name}` names {file}, which `files` does not list")


@dataclass(frozen=True, kw_only=True)
class Card(ModelCard):
    """The card of an image classifier.

    ``layers`` maps a layer's name to its tensor in the graph; ``published`` maps the name of a
    measure ("imagenet_top1") to its figure; ``provenance`` is where published weights come from.

    Raises:
        ValueError: a field does not fit another one.
    """

    input: Input
    preprocessing: Preprocessing
    output: Output
    layers: Mapping[str, str]
    published: Mapping[str, Quoted]
    provenance: Provenance | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.labels:
            raise ValueError("`labels` must name the classes")
        for name in ("mean", "std"):
            if len(getattr(self.preprocessing, name)) != self.input.channels:
                raise ValueError(f"`preprocessing.{name}` must have a number for each channel")
        if self.training is None and self.provenance is None:
            raise ValueError("`provenance` is missing, and so is `training`")


AnyCard = TypeVar("AnyCard", bound=ModelCard)


def decode_card(content: bytes, kind: type[AnyCard]) -> AnyCard:
    """Return the card that the bytes of a ``card.json`` hold; fields of other kinds are left out.

    Raises:
        CardError: it is no JSON, or a field is missing or of another type.
    """
    value = None
    try:
        value = msgspec.json.decode(content)
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise CardError(_name_entries(value, kind, str(error))) from error
    except msgspec.DecodeError as error:
        raise CardError(str(error)) from error


def _name_entries(value: Any, kind: type[ModelCard], message: str) -> str:
    """Say which entry of a mapping is wrong: msgspec writes ``[...]`` for any of them.

    Mappings of ``value`` are cut down, in place, to the one entry that gives the same message.
    """
    said, _, path = message.partition(" - at `$")
    named = "$"
    node = value
    for part in re.findall(r"\.\w+|\[[\d.]+\]", path):
        if part == "[...]":
            key = next(key for key in dict(node) if _is_culprit(key, node, value, kind, message))
            part, node = f".{key}", node[key]
        else:
            node = node[int(part[1:-1])] if part.startswith("[") else node[part[1:]]
        named += part
    return f"{said} - at `{named}`" if path else message


def _is_culprit(
    key: str, node: dict[str, Any], value: Any, kind: type[ModelCard], message: str
) -> bool:
    others = dict(node)
    node.clear()
    node[key] = others[key]
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        if str(error) == message:
            return True
    node.clear()
    node.update(others)
    return False


def compute_sha256(path: Path) -> str:
    """Return the SHA-256 of a file in lower-case hexadecimal; raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def compute_sums(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file in ``folder`` but the card."""
    files = (path for path in sorted(folder.iterdir()) if path.name != CARD_FILE)
    return {path.name: compute_sha256(path) for path in files}


def write_card(card: ModelCard, folder: Path) -> None:
    """Write the card into ``folder``, once it has proved to be readable.

    Raises:
        CardError: a field is not of its type, or a figure is not finite.
        ValueError: a figure of ``details`` is not finite.
    """
    # Here what is not finite becomes null, which no figure may be.
    decode_card(msgspec.json.encode(card, enc_hook=_to_float), type(card))
    value = msgspec.to_builtins(card, str_keys=True, enc_hook=_to_float)
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    (folder / CARD_FILE).write_text(_put_lists_of_numbers_on_one_line(text) + "\n", "utf-8")


def _to_float(value: object) -> float:
    """Return numpy's float64, a float of another class, as Python's."""
    if isinstance(value, float):
        return float(value)
    raise TypeError(f"{type(value).__name__} has no place on a card")


def _put_lists_of_numbers_on_one_line(text: str) -> str:
    """Keep histories readable: thousands of lines of one number each say nothing to a reader."""
    return re.sub(
        r"\[\s*(-?[\d.][^\[\]\"{}]*?)\s*\]",
        lambda match: "[" + re.sub(r"\s*,\s*", ", ", match[1]) + "]",
        text,
    )
