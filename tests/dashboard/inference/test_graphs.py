"""Any graph of the zoo, on a sequence model that is committed and on one that fits on a page."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, external_data_helper, helper, numpy_helper

from dashboard.inference.graphs import OnnxGraph
from dashboard.inference.zoo import ZooError

NAME = "scale.test"
SCALE = np.array([2.0, 3.0], np.float32)


@pytest.fixture
def folder(tmp_path: Path, write_card: Any) -> Path:
    """A network that multiplies two numbers by its weights; the member "other" has other ones."""
    folder = tmp_path / NAME
    folder.mkdir()
    weight = numpy_helper.from_array(SCALE, "scale")
    external_data_helper.set_external_data(weight, "weights.bin", 0, SCALE.nbytes)
    weight.ClearField("raw_data")
    (folder / "weights.bin").write_bytes(SCALE.tobytes())
    value = [helper.make_tensor_value_info(n, TensorProto.FLOAT, ["N", 2]) for n in ("x", "y")]
    node = helper.make_node("Mul", ["x", "scale"], ["y"])
    graph = helper.make_graph([node], "scale", value[:1], value[1:], [weight])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.save(model, folder / "predict.onnx")
    np.savez(folder / "other.npz", scale=np.array([5.0, 7.0], np.float32))
    port = {"dtype": "float32", "axes": ["N", 2], "meaning": "two numbers"}
    changes = {
        "task": "scaling",
        "graphs": {"predict.onnx": {"inputs": {"x": port}, "outputs": {"y": port}, "layers": []}},
        "members": {"other": "other.npz"},
    }
    write_card(folder, changes)
    return folder


def test_it_computes_and_says_what_it_takes(folder: Path) -> None:
    graph = OnnxGraph(folder, "predict.onnx")
    assert graph.run({"x": np.ones((3, 2))})["y"].tolist() == [[2, 3]] * 3
    assert graph.spec.inputs["x"].axes == ("N", 2)
    assert graph.card.task == "scaling"


def test_other_weights_take_the_place_of_its_own(folder: Path) -> None:
    graph = OnnxGraph(folder, "predict.onnx", "other")
    assert graph.run({"x": np.ones((1, 2))})["y"].tolist() == [[5, 7]]
    assert OnnxGraph(folder, "predict.onnx").run({"x": np.ones((1, 2))})["y"].tolist() == [[2, 3]]


@pytest.mark.parametrize("shape", [(2,), (1, 3), (1, 2, 1)])
def test_another_shape_is_refused_in_words(folder: Path, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="the input x must be"):
        OnnxGraph(folder, "predict.onnx").run({"x": np.ones(shape)})


def test_a_missing_input_is_named(folder: Path) -> None:
    with pytest.raises(ValueError, match="the input x is missing"):
        OnnxGraph(folder, "predict.onnx").run({})


def test_a_damaged_member_is_refused(folder: Path) -> None:
    (folder / "other.npz").write_bytes(b"no archive")
    with pytest.raises(ZooError, match=r"other\.npz is damaged"):
        OnnxGraph(folder, "predict.onnx", "other")


def test_a_card_that_names_no_such_file_is_refused(folder: Path) -> None:
    card = json.loads((folder / "card.json").read_text())
    card["members"] = {"other": "../elsewhere.npz"}
    (folder / "card.json").write_text(json.dumps(card))
    with pytest.raises(ZooError, match="does not list"):
        OnnxGraph(folder, "predict.onnx")
