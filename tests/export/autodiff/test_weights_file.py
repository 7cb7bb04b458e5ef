"""Weights that lie in a file beside the graph."""

from pathlib import Path

import numpy as np
import onnx
import pytest

from export.autodiff import (
    UnsupportedGraph,
    differentiate,
    differentiate_file,
)
from tests.export.autodiff.tiny_graphs import (
    images,
    net,
    open_session,
    run,
)


@pytest.fixture
def external(tmp_path: Path) -> Path:
    """A model whose weights lie beside it."""
    path = tmp_path / "predict.onnx"
    onnx.save_model(
        net(), path, save_as_external_data=True, location="weights.bin", size_threshold=0
    )
    return path


def test_the_weights_file_is_shared(external: Path) -> None:
    explain = external.with_name("explain.onnx")
    before = external.with_name("weights.bin").read_bytes()
    differentiate_file(external, explain, wrt=["r"])
    assert external.with_name("weights.bin").read_bytes() == before
    shared = {w.name: w for w in onnx.load(explain, load_external_data=False).graph.initializer}
    for weight in onnx.load(external, load_external_data=False).graph.initializer:
        assert shared[weight.name].external_data == weight.external_data
    x = images(2, 2, 6, 6)
    feeds = {"image": x, "target": np.array([0, 1])}
    found = open_session(str(explain)).run(["logits", "score", "gradient"], feeds)
    for value, expected in zip(found, run(differentiate(net()), x, [0, 1]).values(), strict=True):
        np.testing.assert_array_equal(value, expected)


def test_a_shared_weights_file_must_stay_beside_both(external: Path) -> None:
    (external.parent / "elsewhere").mkdir()
    with pytest.raises(UnsupportedGraph, match="beside"):
        differentiate_file(external, external.parent / "elsewhere" / "explain.onnx")


def test_a_model_in_one_file_may_be_written_anywhere(tmp_path: Path) -> None:
    onnx.save_model(net(), tmp_path / "predict.onnx")
    (tmp_path / "elsewhere").mkdir()
    differentiate_file(tmp_path / "predict.onnx", tmp_path / "elsewhere" / "explain.onnx")
    onnx.checker.check_model(str(tmp_path / "elsewhere" / "explain.onnx"), full_check=True)
