"""What is measured of a network's features, on values computed by hand."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from export.fid import find_features
from export.make_features import BANK_EACH, describe_features, fit_temperature


def test_the_features_are_what_the_last_product_reads() -> None:
    nodes = [
        helper.make_node("Relu", ["x"], ["h"]),
        helper.make_node("MatMul", ["h", "w"], ["raw"]),
        helper.make_node("Add", ["raw", "b"], ["logits"]),
    ]
    ports = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in ("x", "w", "b")
    ]
    output = helper.make_tensor_value_info("logits", TensorProto.FLOAT, None)
    graph: onnx.GraphProto = helper.make_graph(nodes, "g", ports, [output])
    assert find_features(graph) == "h"


def test_statistics_by_hand() -> None:
    # Two classes around (0, 0) and (10, 0): deviations of 1 along x, of 2 along y, uncorrelated.
    around = np.array([[1.0, 2.0], [-1.0, 2.0], [1.0, -2.0], [-1.0, -2.0]])
    features = np.concatenate([around, around + np.array([10.0, 0.0])])
    found = describe_features(features, np.repeat([0, 1], 4))
    assert found["means"] == pytest.approx(np.array([[0.0, 0.0], [10.0, 0.0]]))
    assert found["precision"] == pytest.approx(np.diag([1.0, 0.25]), abs=1e-3)
    assert len(found["bank"]) == 8 <= 2 * BANK_EACH
    assert np.linalg.norm(found["bank"].astype(float), axis=1) == pytest.approx(1, abs=1e-3)


def test_the_temperature_undoes_what_made_it_too_sure() -> None:
    logits = 3 * np.log(np.array([[3.0, 1.0]] * 4))
    assert fit_temperature(logits, np.array([0, 0, 0, 1])) == pytest.approx(3.0, rel=0.01)
