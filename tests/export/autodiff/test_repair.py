"""Graphs that torch exported at batch size 1 are freed of it, and stay right."""

import numpy as np
import onnx
import onnxruntime as ort
import pytest
import torch
from onnx import TensorProto, helper
from torch import nn

from export.autodiff import differentiate


class Classifier(nn.Module):
    """Flattens by reshaping to its own batch size, as many a model does."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)
        self.out = nn.Linear(4 * 8 * 8, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        features = torch.tanh(self.conv(x))
        return self.out(features.reshape(x.shape[0], -1)).softmax(1)


@pytest.mark.parametrize("n", [1, 3])
def test_a_static_batch_of_torchs_exporter_is_freed(n: int) -> None:
    torch.manual_seed(0)
    model = Classifier().eval()
    program = torch.onnx.export(model, (torch.zeros(1, 3, 8, 8),), dynamo=True, verbose=False)
    assert program is not None
    graph = program.model_proto
    reshapes = [node for node in graph.graph.node if node.op_type == "Reshape"]
    assert any(a.name == "allowzero" and a.i for node in reshapes for a in node.attribute)
    result = differentiate(graph)
    assert result.at_logits
    options = ort.SessionOptions()
    options.log_severity_level = 3
    session = ort.InferenceSession(result.model.SerializeToString(), options)
    x = np.random.default_rng(0).normal(size=(n, 3, 8, 8)).astype(np.float32)
    feeds = {result.image: x, "target": np.full(n, 2, np.int64)}
    logits, gradient = session.run(["logits", "gradient"], feeds)
    leaf = torch.from_numpy(x).requires_grad_(True)
    features = torch.tanh(model.conv(leaf)).reshape(n, -1)
    expected = model.out(features)
    (by_torch,) = torch.autograd.grad(expected[:, 2].sum(), leaf)
    np.testing.assert_allclose(logits, expected.detach().numpy(), atol=1e-5)
    np.testing.assert_allclose(gradient, by_torch.numpy(), atol=1e-6)


def test_a_zero_that_means_a_size_is_left_alone() -> None:
    nodes = [
        helper.make_node("Reshape", ["x", "empty"], ["unused"], allowzero=1),
        helper.make_node("ReduceSum", ["x", "axis"], ["y"], keepdims=0),
    ]
    graph = helper.make_graph(
        nodes,
        "zeros",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 2, 3])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 3])],
        [
            helper.make_tensor("empty", TensorProto.INT64, [2], [1, 0]),
            helper.make_tensor("axis", TensorProto.INT64, [1], [1]),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    result = differentiate(model)
    assert "gradient" in [output.name for output in result.model.graph.output]
    assert isinstance(result.model, onnx.ModelProto)
