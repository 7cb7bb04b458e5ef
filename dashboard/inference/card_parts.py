"""The parts that every ``card.json`` has, whatever the model's task, from JSON to dataclasses."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dashboard.inference.cards import (
    DTYPES,
    PREDICT_FILE,
    Energy,
    GradientParity,
    GraphSpec,
    Metric,
    Parity,
    Port,
    Training,
)
from dashboard.inference.fields import FieldError, Fields


def read_common(name: str, fields: Fields) -> dict[str, Any]:
    """Return the fields of a ``ModelCard`` by name, for the model in the folder ``name``.

    Raises:
        FieldError: the card is malformed or incomplete.
    """
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
