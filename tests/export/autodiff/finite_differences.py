"""Is the gradient of an operator right? Its graph against central differences, in float64.

Every operator is tried in two precisions. In float64 the gradient graph is interpreted by onnx's
own evaluator and compared with differences of the operator along random directions, at batch sizes
1 and 7. In float32 the same graph must pass the checker and run on ONNX Runtime, with the same
result up to rounding.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from export.autodiff.kernels import KERNELS
from tests.export.autodiff.pullback import pullback

BATCHES = (1, 7)
STEP = 1e-6
DIRECTIONS = 3

Shape = Sequence[int | str]
Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Operator:
    """One operator as a model of a single node.

    Attributes:
        op_type: the operator.
        inputs: one an input of the node: a shape with "N" for the batch (a variable), an array (a
            constant), or None where it is absent.
        attributes: of the node.
        outputs: how many outputs the node has.
        opset: version of the operator set.
        wrt: which inputs to differentiate by.
        low, high: the range that variables are drawn from.
    """

    op_type: str
    inputs: Sequence[Shape | np.ndarray | None]
    attributes: Mapping[str, Any] = field(default_factory=dict)
    outputs: int = 1
    opset: int = 18
    wrt: Sequence[int] = (0,)
    low: float = -2.0
    high: float = 2.0

    def model(self, dtype: int) -> onnx.ModelProto:
        """Build the model; float constants take its element type."""
        names = ["" if value is None else f"x{i}" for i, value in enumerate(self.inputs)]
        variables, constants = [], []
        for name, value in zip(names, self.inputs, strict=True):
            if isinstance(value, np.ndarray):
                constants.append(numpy_helper.from_array(in_type(value, dtype), name))
            elif value is not None:
                variables.append(helper.make_tensor_value_info(name, dtype, list(value)))
        made = [f"y{i}" for i in range(self.outputs)]
        node = helper.make_node(self.op_type, names, made, name="it", **self.attributes)
        outputs = [helper.make_empty_tensor_value_info(name) for name in made]
        graph = helper.make_graph([node], "one", variables, outputs, constants)
        opsets = [helper.make_opsetid("", self.opset)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=10)

    def feeds(self, batch: int, rng: np.random.Generator) -> Arrays:
        """Draw the variables at a batch size."""
        return {
            f"x{i}": rng.uniform(self.low, self.high, [batch if d == "N" else d for d in shape])
            for i, shape in enumerate(self.inputs)
            if shape is not None and not isinstance(shape, np.ndarray)
        }


def in_type(value: np.ndarray, dtype: int) -> np.ndarray:
    """Give float64 the element type; leave indices alone, and float32: the scales of Resize."""
    same = value.dtype != np.float64
    return value if same else value.astype(helper.tensor_dtype_to_np_dtype(dtype))


def gradients(operator: Operator, batch: int, seed: int = 0) -> tuple[Arrays, Arrays]:
    """Return the gradients by the graph, interpreted in float64, and the feeds that gave them."""
    rng = np.random.default_rng(seed)
    model = operator.model(TensorProto.DOUBLE)
    feeds = operator.feeds(batch, rng)
    made = [f"y{i}" for i in range(operator.outputs)]
    names = [f"x{i}" for i in operator.wrt]
    values = run(model, feeds)
    cotangents = {f"cotangent/{y}": rng.normal(size=values[y].shape) for y in made}
    graph = pullback(model, made, names)
    found = run(graph, {**feeds, **cotangents})
    return {name: found[f"gradient/{name}"] for name in names}, {**feeds, **cotangents}


def run(model: onnx.ModelProto, feeds: Arrays) -> Arrays:
    """Interpret a graph with onnx's own evaluator."""
    names = [o.name for o in model.graph.output]
    return dict(zip(names, evaluator(model).run(None, feeds), strict=True))


def evaluator(model: onnx.ModelProto) -> ReferenceEvaluator:
    """onnx's evaluator, with what it computes in single precision only in double."""
    return ReferenceEvaluator(model, new_ops=list(KERNELS))


def differences(
    model: onnx.ModelProto, name: str, feeds: Arrays, direction: np.ndarray, step: float = STEP
) -> float:
    """Differentiate ``sum of cotangent * output`` along a direction of one input, centrally."""
    outputs = [o.name for o in model.graph.output]
    interpreter = evaluator(model)
    inputs = {i.name: feeds[i.name] for i in model.graph.input}
    ends = []
    for sign in (1, -1):
        moved = {**inputs, name: inputs[name] + sign * step * direction}
        values = dict(zip(outputs, interpreter.run(None, moved), strict=True))
        ends.append(sum(_weighted(values[y], feeds[f"cotangent/{y}"]) for y in outputs))
    return (ends[0] - ends[1]) / (2 * step)


def _weighted(values: np.ndarray, cotangent: np.ndarray) -> float:
    """Sum the values that count: minus infinity behind a mask has cotangent zero."""
    counts = cotangent != 0
    return float((values[counts] * cotangent[counts]).sum())


def assert_agrees(operator: Operator, tolerance: float = 1e-6) -> None:
    """Compare with finite differences at both batch sizes, and with ONNX Runtime in float32."""
    exact = operator.model(TensorProto.DOUBLE)
    single = pullback(operator.model(TensorProto.FLOAT), outputs(operator), wrt(operator))
    onnx.checker.check_model(single, full_check=True)
    session = open_session(single)
    for batch in BATCHES:
        found, feeds = gradients(operator, batch, seed=batch)
        rng = np.random.default_rng(batch)
        for name, gradient in found.items():
            assert gradient.shape == feeds[name].shape
            for _ in range(DIRECTIONS):
                direction = rng.normal(size=gradient.shape)
                expected = differences(exact, name, feeds, direction)
                actual = float((gradient * direction).sum())
                assert abs(actual - expected) <= tolerance * max(1.0, abs(expected)), (name, batch)
        compare_single(session, feeds, found)


def open_session(model: onnx.ModelProto) -> onnxruntime.InferenceSession:
    """Load a model into ONNX Runtime on one CPU thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )


def compare_single(
    session: onnxruntime.InferenceSession, feeds: Arrays, expected: Arrays, bound: float = 1e-5
) -> None:
    """Compare ONNX Runtime's gradients in float32 with those in float64: relative L2."""
    names = [f"gradient/{name}" for name in expected]
    types = {"tensor(float)": np.float32, "tensor(double)": np.float64}
    used = {i.name: feeds[i.name].astype(types[i.type]) for i in session.get_inputs()}
    for value, reference in zip(session.run(names, used), expected.values(), strict=True):
        assert value.shape == reference.shape
        assert np.linalg.norm(value - reference) <= bound * max(1.0, np.linalg.norm(reference))


def outputs(operator: Operator) -> list[str]:
    return [f"y{i}" for i in range(operator.outputs)]


def wrt(operator: Operator) -> list[str]:
    return [f"x{i}" for i in operator.wrt]
