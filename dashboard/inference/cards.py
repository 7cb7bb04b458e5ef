"""Model cards: what a network in the zoo expects, returns and claims.

``export/card.py`` writes them as ``card.json``; ``card_loading.py`` reads them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

CARD_FILE = "card.json"
PREDICT_FILE = "predict.onnx"
EXPLAIN_FILE = "explain.onnx"

CROPS = ("center_square",)
DTYPES = ("float32", "int64", "bool")
INTERPOLATIONS = ("nearest", "bilinear", "bicubic", "lanczos")


@dataclass(frozen=True)
class InputSpec:
    """The graph's input: ``channels`` is 1 (grey) or 3 (RGB), ``size`` the side in pixels."""

    name: str
    layout: str
    channels: int
    size: int


@dataclass(frozen=True)
class Preprocessing:
    """From pixels in [0, 255] to network values: crop, resize, then (pixel - mean) / std."""

    crop: str
    interpolation: str
    mean: tuple[float, ...]
    std: tuple[float, ...]


@dataclass(frozen=True)
class OutputSpec:
    """The graph's output: its name, and what its numbers are ("logits")."""

    name: str
    kind: str


@dataclass(frozen=True)
class Quoted:
    """A figure that others measured: ``value`` in percent, and where it is written."""

    value: float
    source: str


@dataclass(frozen=True)
class Provenance:
    """Where the weights come from: ``sha256`` is that of the package's file."""

    package: str
    version: str
    file: str
    sha256: str
    credit: str


@dataclass(frozen=True)
class Parity:
    """Largest absolute difference of the logits between torch and the exported graph."""

    max_abs_diff: float
    n_inputs: int


@dataclass(frozen=True)
class GradientParity:
    """Relative distances from torch's gradient in double precision.

    ``onnx`` is that of the exported graph, ``torch`` that of torch's own single precision.
    """

    onnx: float
    torch: float
    n_inputs: int


@dataclass(frozen=True)
class Metric:
    """A figure measured on ``n`` cases with its 95 % interval; ``what`` says it in a sentence."""

    value: float
    low: float
    high: float
    n: int
    unit: str
    what: str


@dataclass(frozen=True)
class Energy:
    """Watt-hours: an estimate, its bounds, and how it was estimated."""

    value: float
    low: float
    high: float
    how: str


@dataclass(frozen=True)
class Training:
    """How the weights came to be: the command, what it cost, and (step, loss) on the way."""

    command: str
    seed: int
    steps: int
    batch: int
    seconds: float
    energy: Energy
    machine: str
    history: tuple[tuple[int, float], ...]


@dataclass(frozen=True)
class Port:
    """An input or output of a graph: ``axes`` are sizes or, as texts, dynamic ("N": the batch)."""

    dtype: str
    axes: tuple[str | int, ...]
    meaning: str


@dataclass(frozen=True)
class GraphSpec:
    """What a graph takes and returns, by name, in the graph's order."""

    inputs: Mapping[str, Port]
    outputs: Mapping[str, Port]


@dataclass(frozen=True)
class ModelCard:
    """What every model's card says. ``name`` is the folder's name.

    ``limits`` says where the model fails; ``metrics`` maps a measure to its figure; ``members``
    maps the name of other weights for the same graph to their file; ``graphs`` maps the file of a
    graph to what it takes and returns (published classifiers leave that to ``input``); ``files``
    maps each file of the folder to its SHA-256; ``macs`` are multiply-accumulates for one input;
    ``details`` is what the pages of this task need, as JSON. ``training`` is None where others
    trained.
    """

    name: str
    title: str
    family: str
    task: str
    summary: str
    limits: str
    parameters: int
    macs: int
    metrics: Mapping[str, Metric]
    training: Training | None
    licence: str
    opset: int
    parity: Parity
    gradient_parity: GradientParity | None
    files: Mapping[str, str]
    graphs: Mapping[str, GraphSpec]
    members: Mapping[str, str]
    details: Mapping[str, Any]


@dataclass(frozen=True)
class Card(ModelCard):
    """The card of an image classifier; ``labels`` are in the order of the classes.

    ``layers`` maps a layer's name to its tensor in the graph; ``published`` maps the name of a
    measure ("imagenet_top1") to its figure; ``provenance`` is where published weights come from.
    """

    labels: tuple[str, ...]
    labels_credit: str
    input: InputSpec
    preprocessing: Preprocessing
    output: OutputSpec
    layers: Mapping[str, str]
    published: Mapping[str, Quoted]
    provenance: Provenance | None
