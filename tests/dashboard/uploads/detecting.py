"""Detection in this process, on networks whose one right preprocessing is known."""

from typing import Any

import numpy as np
import onnx
from onnx import numpy_helper

from dashboard.uploads.detection import Detected, detect
from dashboard.uploads.inside.checks import check_upload
from dashboard.uploads.inside.describe import add_statistics, describe
from dashboard.uploads.inside.precision import use_single_precision
from dashboard.uploads.inspection import Inspection
from dashboard.uploads.spec import (
    InputSpec,
    Normalization,
)
from tests.dashboard.uploads.networks import (
    build,
    load_photos,
    node,
    open_here,
    value,
)


def ignore(fraction: float) -> None:
    pass


def inspect_here(model: onnx.ModelProto) -> tuple[Inspection, Any]:
    """Return what the sandbox would say of a model, and what runs it, both in this process."""
    checked = check_upload(model.SerializeToString())
    was_converted = use_single_precision(checked)
    inspection = describe(checked, was_converted)
    add_statistics(checked)
    return inspection, open_here(checked)


def detect_here(model: onnx.ModelProto, n_photos: int = 8) -> Detected:
    inspection, run = inspect_here(model)
    return detect(inspection, run, load_photos(n_photos), ignore)


def wrap(model: onnx.ModelProto, wanted: Normalization, own: Normalization) -> onnx.ModelProto:
    """Return a network that wants photos in one way, made from one that wants them in another."""
    order = "RGB" if wanted.order == own.order else "swapped"
    std, mean = np.array(wanted.std), np.array(wanted.mean)  # in the order of the new input
    source, nodes = "photo", []
    if order == "swapped":
        nodes.append(node("Gather", [source, "order"], ["swapped"], axis=1))
        source, std, mean = "swapped", std[::-1], mean[::-1]
    scale = std / np.array(own.std)
    shift = (mean - np.array(own.mean)) / np.array(own.std)
    nodes += [
        node("Mul", [source, "scale"], ["scaled"]),
        node("Add", ["scaled", "shift"], ["image"]),
    ]
    graph = model.graph
    weights = {"order": np.array([2, 1, 0]), "scale": scale, "shift": shift}
    for name, array in weights.items():
        typed = array if name == "order" else array.reshape(1, 3, 1, 1).astype(np.float32)
        graph.initializer.append(numpy_helper.from_array(typed, name))
    kept = list(graph.node)
    del graph.node[:]
    graph.node.extend([*nodes, *kept])
    graph.input[0].name = "photo"
    return model


def create_normalized(wanted: Normalization, side: int = 32) -> onnx.ModelProto:
    """Return Conv - BatchNormalization - Relu - head, trained (its statistics) on one way."""
    rng = np.random.default_rng(3)
    kernel = rng.normal(size=(16, 3, 3, 3)).astype(np.float32)
    spec = InputSpec("image", "NCHW", 3, side, side, wanted)
    photos = np.stack([spec.crop_view(photo) for photo in load_photos()[:5]])
    inputs = spec.normalize(photos)
    conv = build(
        [node("Conv", ["image", "kernel"], ["y"], pads=[1, 1, 1, 1])],
        [value("image", ["N", 3, side, side])],
        [value("y", ["N", 16, side, side])],
        {"kernel": kernel},
    )
    (activation,) = open_here(conv)(spec, inputs, ["y"])
    weights = {
        "kernel": kernel,
        "scale": np.ones(16, np.float32),
        "shift": np.zeros(16, np.float32),
        "mean": activation.mean(axis=(0, 2, 3)),
        "variance": activation.var(axis=(0, 2, 3)),
        "head": rng.normal(size=(16, 10)).astype(np.float32),
    }
    nodes = [
        node("Conv", ["image", "kernel"], ["y"], pads=[1, 1, 1, 1]),
        node("BatchNormalization", ["y", "scale", "shift", "mean", "variance"], ["z"]),
        node("Relu", ["z"], ["r"]),
        node("GlobalAveragePool", ["r"], ["p"]),
        node("Flatten", ["p"], ["f"]),
        node("MatMul", ["f", "head"], ["out"]),
    ]
    shape = ["N", 3, side, side]
    return build(nodes, [value("image", shape)], [value("out", ["N", 10])], weights)
