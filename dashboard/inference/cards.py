"""Model cards: what a network in the zoo expects, returns and claims, read from ``card.json``.

``export/card.py`` writes them. A card that does not say all it must is refused as a whole: a
guessed preprocessing would give wrong predictions without any error.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dashboard.inference.errors import create_zoo_error
from dashboard.inference.fields import FieldError, Fields, load_fields, load_json

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


def load_model_card(folder: Path) -> ModelCard:
    """Read what every card says of the model in ``folder``, whatever its task.

    Raises:
        ZooError: the card is missing, malformed or incomplete.
    """
    path = folder / CARD_FILE
    try:
        return ModelCard(**_read_common(folder.name, load_fields(path)))
    except FieldError as error:
        raise create_zoo_error(path, f"is not right: {error}") from error


def load_card(folder: Path) -> Card:
    """Read the card of the image classifier in ``folder``.

    Raises:
        ZooError: the card or its labels are missing, malformed or incomplete.
    """
    path = folder / CARD_FILE
    try:
        fields = load_fields(path)
        labels, credit = _load_labels(folder, fields.text("labels"))
        return _create_card(folder.name, fields, labels, credit)
    except FieldError as error:
        raise create_zoo_error(path, f"is not right: {error}") from error


def _load_labels(folder: Path, relative: str) -> tuple[tuple[str, ...], str]:
    try:
        value = load_json(folder / relative)
        fields = Fields(value if isinstance(value, dict) else {"labels": value})
        labels = fields.any("labels")
        if (
            not isinstance(labels, list)
            or not labels
            or not all(isinstance(x, str) for x in labels)
        ):
            raise FieldError('"labels" must be a list of texts')
        return tuple(labels), fields.text("credit") if "credit" in fields else ""
    except FieldError as error:
        raise FieldError(f'"labels" names {relative}, and there {error}') from error


def _create_card(name: str, fields: Fields, labels: tuple[str, ...], credit: str) -> Card:
    common = _read_common(name, fields)
    inputs = _create_input(fields.fields("input"))
    return Card(
        **common,
        labels=labels,
        labels_credit=credit,
        input=inputs,
        preprocessing=_create_preprocessing(fields.fields("preprocessing"), inputs.channels),
        output=_create_output(fields.fields("output")),
        layers=fields.texts("layers"),
        published=_create_published(fields.fields("published")),
        provenance=_create_provenance(fields.fields("provenance"))
        if common["training"] is None
        else None,
    )


def _read_common(name: str, fields: Fields) -> dict[str, Any]:
    if fields.text("name") != name:
        raise FieldError(f'"name" must be the name of its folder, "{name}"')
    has_training = "training" in fields and fields.any("training") is not None
    files = _read_files(fields)
    return {
        "name": name,
        "title": fields.text("title"),
        "family": fields.text("family"),
        "task": fields.text("task"),
        "summary": fields.text("summary"),
        "limits": fields.text("limits") if "limits" in fields else "",
        "parameters": fields.count("parameters"),
        "macs": fields.count("macs"),
        "metrics": _create_metrics(fields.fields("metrics")) if "metrics" in fields else {},
        "training": _create_training(fields.fields("training")) if has_training else None,
        "licence": fields.text("licence"),
        "opset": fields.count("opset"),
        "parity": _create_parity(fields.fields("parity")),
        "gradient_parity": _create_gradient_parity(fields),
        "files": files,
        "graphs": _read_graphs(fields) if "graphs" in fields else {},
        "members": _read_members(fields, files),
        "details": fields.fields("details").values if "details" in fields else {},
    }


def _create_metrics(fields: Fields) -> dict[str, Metric]:
    read = {name: fields.fields(name) for name in fields.values}
    return {
        name: Metric(
            value=each.real("value"),
            low=each.real("low"),
            high=each.real("high"),
            n=each.count("n"),
            unit=str(each.any("unit")),
            what=each.text("what"),
        )
        for name, each in read.items()
    }


def _create_training(fields: Fields) -> Training:
    energy = fields.fields("energy")
    return Training(
        command=fields.text("command"),
        seed=int(fields.number("seed")),
        steps=fields.count("steps"),
        batch=fields.count("batch"),
        seconds=fields.number("seconds"),
        energy=Energy(
            energy.number("value"),
            energy.number("low"),
            energy.number("high"),
            energy.text("how"),
        ),
        machine=fields.text("machine"),
        history=fields.pairs("history"),
    )


def _read_graphs(fields: Fields) -> dict[str, GraphSpec]:
    read = fields.fields("graphs")
    specs = {file: read.fields(file) for file in read.values}
    return {
        file: GraphSpec(_read_ports(spec.fields("inputs")), _read_ports(spec.fields("outputs")))
        for file, spec in specs.items()
    }


def _read_ports(fields: Fields) -> dict[str, Port]:
    ports = {name: fields.fields(name) for name in fields.values}
    return {
        name: Port(port.choice("dtype", DTYPES), port.axes("axes"), port.text("meaning"))
        for name, port in ports.items()
    }


def _read_members(fields: Fields, files: Mapping[str, str]) -> dict[str, str]:
    members = fields.texts("members") if "members" in fields else {}
    for name, file in members.items():
        if file not in files:
            raise FieldError(f'"members.{name}" names {file}, which "files" does not list')
    return members


def _create_input(fields: Fields) -> InputSpec:
    channels = fields.count("channels")
    if channels not in (1, 3):
        raise FieldError('"input.channels" must be 1 (grey) or 3 (RGB)')
    return InputSpec(
        name=fields.text("name"),
        layout=fields.choice("layout", ("NCHW",)),
        channels=channels,
        size=fields.count("size"),
    )


def _create_preprocessing(fields: Fields, channels: int) -> Preprocessing:
    std = fields.numbers("std", channels)
    if min(std) <= 0:
        raise FieldError('"preprocessing.std" must be above 0')
    return Preprocessing(
        crop=fields.choice("crop", CROPS),
        interpolation=fields.choice("interpolation", INTERPOLATIONS),
        mean=fields.numbers("mean", channels),
        std=std,
    )


def _create_output(fields: Fields) -> OutputSpec:
    return OutputSpec(name=fields.text("name"), kind=fields.choice("kind", ("logits",)))


def _create_published(fields: Fields) -> dict[str, Quoted]:
    quoted = {name: fields.fields(name) for name in fields.values}
    return {name: Quoted(q.number("value"), q.text("source")) for name, q in quoted.items()}


def _create_provenance(fields: Fields) -> Provenance:
    return Provenance(
        package=fields.text("package"),
        version=fields.text("version"),
        file=fields.text("file"),
        sha256=fields.text("sha256"),
        credit=fields.text("credit"),
    )


def _create_parity(fields: Fields) -> Parity:
    return Parity(fields.number("max_abs_diff"), fields.count("n_inputs"))


def _create_gradient_parity(fields: Fields) -> GradientParity | None:
    if fields.any("gradient_parity") is None:  # a model without a gradient graph
        return None
    parity = fields.fields("gradient_parity")
    return GradientParity(
        onnx=parity.number("onnx"), torch=parity.number("torch"), n_inputs=parity.count("n_inputs")
    )


def _read_files(fields: Fields) -> dict[str, str]:
    files = fields.texts("files")
    if PREDICT_FILE not in files:
        raise FieldError(f'"files" must list {PREDICT_FILE}')
    for name, checksum in files.items():
        # A card must not reach outside its own folder.
        if Path(name).name != name:
            raise FieldError(f'"files" must hold plain file names, not "{name}"')
        if len(checksum) != 64:
            raise FieldError(f'"files.{name}" must be a SHA-256 sum of 64 digits')
    return files
