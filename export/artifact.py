"""A trained network becomes an artifact of the zoo, or fails: export, parity, floors, card.

Everything is written into a temporary folder first and takes the old artifact's place as a whole:
whatever fails, the old one stays.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

import numpy as np
import onnxruntime
from torch import Tensor

from export.autodiff import differentiate_file
from export.card import (
    EXPLAIN_FILE,
    PREDICT_FILE,
    Card,
    GradientParity,
    GraphSpec,
    Input,
    Metric,
    ModelCard,
    Output,
    Parity,
    Preprocessing,
    Provenance,
    Quoted,
    Training,
    compute_sums,
    write_card,
)
from export.folders import replace_when_whole
from export.graphs import (
    OPSET,
    Graph,
    WeightsFile,
    export_graph,
    round_weights,
    to_stored,
)
from export.macs import count_macs, count_parameters
from export.parity import compare_graph, compare_graph_gradients

ZOO = Path(__file__).resolve().parent.parent / "models" / "zoo"
_TRACED = "traced.onnx"


class FloorError(Exception):
    """A trained network does not reach its floor; the message gives both figures."""


@dataclass(frozen=True)
class Gradient:
    """What becomes ``explain.onnx``: the gradient of a class score by the graph's first input.

    ``graph`` has fixed axes except the batch; ``score`` is its output (N, classes); ``wrt`` are
    layers whose gradients are wanted too.
    """

    graph: Graph
    score: str
    wrt: tuple[str, ...] = ()


@dataclass(frozen=True)
class Picture:
    """What the app needs to turn a photo into the input of an image classifier."""

    size: int
    channels: Literal[1, 3]
    preprocessing: Preprocessing


@dataclass(frozen=True)
class Draft:
    """Everything that ``write_model`` needs; the name is the folder's, "arch.dataset".

    ``evaluate`` measures the exported graphs in the folder it is given, with ONNX Runtime;
    ``floors`` are the least values of its metrics. ``members`` are other weights of
    ``graphs["predict"].module``, by name: runs of a sweep, moments of a training. ``details`` that
    follow from the evaluation are a function, called after it. Weights that others published have
    a ``provenance`` and figures ``published`` with them, and are not rounded: ``is_half`` is False.
    """

    name: str
    title: str
    family: str
    task: str
    summary: str
    limits: str
    graphs: Mapping[str, Graph]
    licence: str
    gradient: Gradient | None = None
    evaluate: Callable[[Path], Mapping[str, Metric]] = lambda _: {}
    floors: Mapping[str, float] = field(default_factory=dict)
    training: Training | None = None
    source: Mapping[str, str] = field(default_factory=dict)
    labels: tuple[str, ...] = ()
    labels_credit: str = ""
    details: Mapping[str, object] | Callable[[], Mapping[str, object]] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)
    members: Mapping[str, Mapping[str, Tensor]] = field(default_factory=dict)
    picture: Picture | None = None
    provenance: Provenance | None = None
    published: Mapping[str, Quoted] = field(default_factory=dict)
    is_half: bool = True


def write_model(draft: Draft, zoo: Path = ZOO) -> ModelCard:
    """Export, compare, evaluate and write the artifact of ``draft``; return its card.

    Raises:
        ParityError: ONNX Runtime and torch differ by more than the bound.
        FloorError: a metric is below its floor.
        CardError: the card would not be readable.
        OSError: the disk is full, or the folder cannot be written.
    """
    with replace_when_whole(zoo / draft.name) as folder:
        _export(draft, folder)
        parities = {
            name: compare_graph(graph, folder / f"{name}.onnx")
            for name, graph in draft.graphs.items()
        }
        gradient_parity = None
        if draft.gradient is not None:
            gradient_parity = compare_graph_gradients(
                draft.gradient.graph, draft.gradient.score, folder / EXPLAIN_FILE
            )
        for name, content in draft.files.items():
            (folder / name).write_bytes(content)
        metrics = draft.evaluate(folder)
        _check_floors(draft, metrics)
        card = _create_card(draft, folder, metrics, list(parities.values()), gradient_parity)
        write_card(card, folder)
    return card


def _create_card(
    draft: Draft,
    folder: Path,
    metrics: Mapping[str, Metric],
    parities: Sequence[Parity],
    gradient_parity: GradientParity | None,
) -> ModelCard:
    predict, details = draft.graphs["predict"], draft.details
    common: dict[str, Any] = {
        "name": draft.name,
        "title": draft.title,
        "family": draft.family,
        "task": draft.task,
        "summary": draft.summary,
        "limits": draft.limits,
        "labels": draft.labels,
        "labels_credit": draft.labels_credit,
        "graphs": {f"{name}.onnx": _describe(graph) for name, graph in draft.graphs.items()},
        "parameters": count_parameters(predict.truth),
        "macs": count_macs(folder / PREDICT_FILE, _get_sizes(predict)),
        "metrics": dict(metrics),
        "floors": dict(draft.floors),
        "training": draft.training,
        "source": dict(draft.source),
        "licence": draft.licence,
        "opset": OPSET,
        "parity": Parity(
            max(each.max_abs_diff for each in parities),
            min(each.n_inputs for each in parities),
            parities[0].batch_sizes,
        ),
        "gradient_parity": gradient_parity,
        "exported_with": describe_versions(),
        "members": {name: f"{name}.npz" for name in draft.members},
        "details": dict(details() if callable(details) else details),
        "files": compute_sums(folder),
    }
    if draft.picture is None:
        return ModelCard(**common)
    image, size = next(iter(predict.inputs)), draft.picture.size
    return Card(
        **common,
        input=Input(image, "NCHW", draft.picture.channels, size),
        preprocessing=draft.picture.preprocessing,
        output=Output(next(iter(predict.outputs)), "logits"),
        layers={name: name for name in (draft.gradient.wrt if draft.gradient else ())},
        published=dict(draft.published),
        provenance=draft.provenance,
    )


def _export(draft: Draft, folder: Path) -> None:
    graphs = [*draft.graphs.values(), *([draft.gradient.graph] if draft.gradient else [])]
    if draft.is_half:
        for graph in graphs:
            round_weights(graph.module)
    free = frozenset(name for weights in draft.members.values() for name in weights)
    weights = WeightsFile(folder, free, draft.is_half)
    for name, graph in draft.graphs.items():
        export_graph(graph, folder / f"{name}.onnx", weights)
    if draft.gradient is not None:
        traced = export_graph(draft.gradient.graph, folder / _TRACED, weights)
        image = next(iter(draft.gradient.graph.inputs))
        differentiate_file(
            traced, folder / EXPLAIN_FILE, image, draft.gradient.score, draft.gradient.wrt
        )
        traced.unlink()
    # Nobody but its owner could read what a library wrote; the app may run as somebody else.
    for path in folder.iterdir():
        path.chmod(0o644)
    for name, member in draft.members.items():
        save_member(folder / f"{name}.npz", member)


def save_member(path: Path, weights: Mapping[str, Tensor]) -> None:
    """Write other weights of a graph, by the names of its initializers, rounded as its own are."""
    np.savez(path, **to_stored(weights))  # type: ignore[arg-type]
    path.chmod(0o644)


def _check_floors(draft: Draft, metrics: Mapping[str, Metric]) -> None:
    for name, floor in draft.floors.items():
        if not metrics[name].value >= floor:
            raise FloorError(
                f"{draft.name}: {name} is {metrics[name].value:.2f} {metrics[name].unit}, "
                f"below its floor of {floor:g}: nothing is written"
            )


def _describe(graph: Graph) -> GraphSpec:
    return GraphSpec(dict(graph.inputs), dict(graph.outputs), graph.layers)


def _get_sizes(graph: Graph) -> dict[str, int]:
    """Return the size of each dynamic axis in the example; the batch counts as one."""
    sizes = {
        axis: tensor.shape[i]
        for port, tensor in zip(graph.inputs.values(), graph.example, strict=True)
        for i, axis in enumerate(port.axes)
        if isinstance(axis, str)
    }
    return {**sizes, "N": 1}


def describe_versions() -> dict[str, str]:
    """Return the versions of what takes part in an export."""
    return {
        "python": platform.python_version(),
        # Its package has two names, for CPU and for GPU, so it is asked itself.
        "onnxruntime": onnxruntime.__version__,
        **{package: version(package) for package in ("torch", "onnx", "onnxscript")},
    }
