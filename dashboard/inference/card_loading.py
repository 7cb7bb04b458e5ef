"""Reading ``card.json``: any model's card, and that of an image classifier.

A card that does not say all it must is refused as a whole: a guessed preprocessing would give
wrong predictions without any error.
"""

from __future__ import annotations

from pathlib import Path

from dashboard.inference.card_parts import read_common
from dashboard.inference.cards import (
    CARD_FILE,
    CROPS,
    INTERPOLATIONS,
    Card,
    InputSpec,
    ModelCard,
    OutputSpec,
    Preprocessing,
    Provenance,
    Quoted,
)
from dashboard.inference.errors import create_zoo_error
from dashboard.inference.fields import FieldError, Fields, load_fields, load_json


def load_model_card(folder: Path) -> ModelCard:
    """Read what every card says of the model in ``folder``, whatever its task.

    Raises:
        ZooError: the card is missing, malformed or incomplete.
    """
    path = folder / CARD_FILE
    try:
        return ModelCard(**read_common(folder.name, load_fields(path)))
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
    common = read_common(name, fields)
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
