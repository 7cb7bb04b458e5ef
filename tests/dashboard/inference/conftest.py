"""A zoo that fits on a page: a linear network of five classes whose gradient is known by hand."""

import hashlib
import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, external_data_helper, helper, numpy_helper

from dashboard.inference.cards import Card, load_card

CLASSES, SIDE = 5, 4
NAME = "linear.test"
FLOAT, INT = TensorProto.FLOAT, TensorProto.INT64

WEIGHTS = np.random.default_rng(0).normal(size=(3 * SIDE * SIDE, CLASSES)).astype(np.float32)

CARD: dict[str, Any] = {
    "name": NAME,
    "title": "A linear network",
    "family": "Linear",
    "task": "image-classification",
    "summary": "Twice the image, times a matrix.",
    "labels": list("abcde"),
    "labels_credit": "The alphabet.",
    "input": {"name": "image", "layout": "NCHW", "channels": 3, "size": SIDE},
    "preprocessing": {
        "crop": "center_square",
        "interpolation": "bicubic",
        "mean": [127, 127, 127],
        "std": [128, 128, 128],
    },
    "output": {"name": "logits", "kind": "logits"},
    "layers": {"features": "twice"},
    "parameters": WEIGHTS.size,
    "macs": WEIGHTS.size,
    "published": {"top1": {"value": 20, "source": "chance"}},
    "licence": "Apache-2.0",
    "provenance": {
        "package": "numpy",
        "version": "2",
        "file": "none",
        "sha256": "0" * 64,
        "credit": "Chance.",
    },
    "parity": {"max_abs_diff": 0.0, "n_inputs": 1, "batch_sizes": [1]},
    "gradient_parity": {"onnx": 1e-6, "torch": 2e-6, "n_inputs": 3},
    "opset": 18,
}

Zoo = Callable[..., Path]
MakeCard = Callable[..., Card]


def _make_weights() -> TensorProto:
    tensor = numpy_helper.from_array(WEIGHTS, "weights")
    external_data_helper.set_external_data(tensor, "weights.bin", 0, WEIGHTS.nbytes)
    tensor.ClearField("raw_data")
    return tensor


def _make_predict_nodes() -> list[onnx.NodeProto]:
    return [
        helper.make_node("Mul", ["image", "two"], ["twice"]),
        helper.make_node("Flatten", ["twice"], ["flat"]),
        helper.make_node("MatMul", ["flat", "weights"], ["logits"]),
    ]


def _make_explain_nodes() -> list[onnx.NodeProto]:
    # The score is logits . direction, with +1 at the target and -1 at the versus (-1: nowhere).
    return [
        helper.make_node("Unsqueeze", ["target", "one"], ["target_column"]),
        helper.make_node("Equal", ["target_column", "classes"], ["is_target"]),
        helper.make_node("Cast", ["is_target"], ["plus"], to=FLOAT),
        helper.make_node("Unsqueeze", ["versus", "one"], ["versus_column"]),
        helper.make_node("Equal", ["versus_column", "classes"], ["is_versus"]),
        helper.make_node("Cast", ["is_versus"], ["minus"], to=FLOAT),
        helper.make_node("Sub", ["plus", "minus"], ["direction"]),
        helper.make_node("Mul", ["logits", "direction"], ["parts"]),
        helper.make_node("ReduceSum", ["parts", "one"], ["score"], keepdims=0),
        helper.make_node("Transpose", ["weights"], ["transposed"], perm=[1, 0]),
        helper.make_node("MatMul", ["direction", "transposed"], ["flat_gradient"]),
        helper.make_node("Reshape", ["flat_gradient", "shape"], ["gradient/twice"]),
        helper.make_node("Mul", ["gradient/twice", "two"], ["gradient"]),
    ]


def _make_graph(with_gradient: bool) -> onnx.ModelProto:
    picture = ["N", 3, SIDE, SIDE]
    inputs = [helper.make_tensor_value_info("image", FLOAT, picture)]
    outputs = [helper.make_tensor_value_info("logits", FLOAT, ["N", CLASSES])]
    constants = {"two": np.float32(2)}
    nodes = _make_predict_nodes()
    if with_gradient:
        nodes += _make_explain_nodes()
        inputs.append(helper.make_tensor_value_info("target", INT, ["N"]))
        inputs.append(helper.make_tensor_value_info("versus", INT, ["V"]))
        outputs.append(helper.make_tensor_value_info("score", FLOAT, ["N"]))
        for name in ("gradient", "twice", "gradient/twice"):
            outputs.append(helper.make_tensor_value_info(name, FLOAT, picture))
        constants["one"] = np.array([1])
        constants["classes"] = np.arange(CLASSES)
        constants["shape"] = np.array([-1, 3, SIDE, SIDE])
        constants["versus"] = np.array([-1])  # an input with a default may be left out
    initializers = [numpy_helper.from_array(np.asarray(v), k) for k, v in constants.items()]
    graph = helper.make_graph(nodes, "linear", inputs, outputs, [*initializers, _make_weights()])
    opsets = [helper.make_opsetid("", 18)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=9)


def write_card(folder: Path, changes: dict[str, Any] | None = None) -> None:
    """Write the card with the sums of the files in ``folder``; a change to None drops a field."""
    files = [path for path in folder.iterdir() if path.name != "card.json"]
    sums = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    card = {**deepcopy(CARD), "name": folder.name, "files": sums, **(changes or {})}
    card = {key: value for key, value in card.items() if value is not None}
    (folder / "card.json").write_text(json.dumps(card))


@pytest.fixture
def make_zoo(tmp_path: Path) -> Zoo:
    """Return a function that writes a model and returns its folder."""

    def make(folder_name: str = NAME, with_gradient: bool = True, **changes: Any) -> Path:
        folder = tmp_path / "zoo" / folder_name
        folder.mkdir(parents=True)
        (folder / "weights.bin").write_bytes(WEIGHTS.tobytes())
        onnx.save(_make_graph(False), folder / "predict.onnx")
        if with_gradient:
            onnx.save(_make_graph(True), folder / "explain.onnx")
        write_card(folder, changes)
        return folder

    return make


@pytest.fixture
def make_card(make_zoo: Zoo) -> MakeCard:
    """Return a function that returns a card with some fields changed."""
    return lambda **changes: load_card(make_zoo(**changes))


@pytest.fixture(name="write_card")
def provide_write_card() -> Callable[[Path], None]:
    """Return a function that writes a folder's card anew, with the sums of its files now."""
    return write_card
