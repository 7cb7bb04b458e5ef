"""The onnx package's own node cases, for every operator with a derivative, by finite differences.

A case counts as *differentiable* when a floating input of its one node influences a floating output
that is not empty. An input that is floating but sets a shape or a mode (``SETTINGS``) is not a
variable: it is made a constant, as are all integer and boolean inputs and the kernels of
convolutions (``KERNELS``). Every other floating input
is differentiated by, at once.

The cases' values are small integers and zeros, often right on a kink or a tie where there is no
derivative, so they are moved by a random amount of at most 0.01 first. Then the graph and its
gradient are interpreted in float64, and compared along a random direction of each input.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx.backend.test.case.node import collect_testcases

from export.autodiff import UnsupportedGraph
from tests.export.autodiff.finite_differences import Arrays, differences, run
from tests.export.autodiff.pullback import pullback

OPERATORS = (
    "Conv",
    "ConvTranspose",
    "Gemm",
    "MatMul",
    "Einsum",
    "Add",
    "Sub",
    "Mul",
    "Div",
    "Pow",
    "Neg",
    "Abs",
    "Sqrt",
    "Exp",
    "Log",
    "Reciprocal",
    "Min",
    "Max",
    "Where",
    "Clip",
    "Erf",
    "Sin",
    "Cos",
    "Relu",
    "LeakyRelu",
    "PRelu",
    "Elu",
    "Selu",
    "Celu",
    "Softplus",
    "Softsign",
    "Sigmoid",
    "HardSigmoid",
    "HardSwish",
    "Mish",
    "Gelu",
    "Tanh",
    "Softmax",
    "LogSoftmax",
    "LayerNormalization",
    "RMSNormalization",
    "BatchNormalization",
    "InstanceNormalization",
    "GroupNormalization",
    "LpNormalization",
    "LRN",
    "GlobalAveragePool",
    "GlobalMaxPool",
    "AveragePool",
    "MaxPool",
    "LpPool",
    "ReduceMean",
    "ReduceSum",
    "ReduceMax",
    "ReduceMin",
    "ReduceL1",
    "ReduceL2",
    "ReduceSumSquare",
    "ReduceLogSum",
    "ReduceLogSumExp",
    "ReduceProd",
    "CumSum",
    "Concat",
    "Split",
    "Slice",
    "Gather",
    "GatherElements",
    "GatherND",
    "ScatterND",
    "ScatterElements",
    "Transpose",
    "Reshape",
    "Flatten",
    "Squeeze",
    "Unsqueeze",
    "Expand",
    "Tile",
    "Pad",
    "Resize",
    "Upsample",
    "DepthToSpace",
    "SpaceToDepth",
    "Cast",
    "Dropout",
    "Identity",
    "Attention",
    "LSTM",
    "GRU",
    "RNN",
)
FLOATS = {TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.FLOAT16, TensorProto.BFLOAT16}
SETTINGS = {
    "Resize": (1, 2),  # region of interest, scales
    "Upsample": (1,),  # scales
    "Dropout": (1,),  # ratio
}
# Rules are for the image: a kernel that is computed from it is refused by name.
KERNELS = {"Conv": (1,), "ConvTranspose": (1,)}

# Differentiable cases without agreement, each with its reason.
IN_TRAINING = "refused: training mode couples the samples"
RANDOM = "refused: dropout in training mode is random"
FRACTION = "refused: ONNX Runtime rounds the length of 1.2 or 3.2 pixels first, the reference later"
EXCEPTIONS = {
    "test_batchnorm_example_training_mode": IN_TRAINING,
    "test_batchnorm_epsilon_training_mode": IN_TRAINING,
    "test_training_dropout_default": RANDOM,
    "test_training_dropout_default_mask": RANDOM,
    "test_training_dropout": RANDOM,
    "test_training_dropout_mask": RANDOM,
    "test_resize_downsample_scales_linear_align_corners": FRACTION,
    "test_resize_downsample_scales_cubic_align_corners": FRACTION,
    "test_einsum_batch_diagonal": "refused: a letter that repeats in one operand takes a diagonal",
}
TOLERANCE = 1e-5


@dataclass(frozen=True)
class Case:
    """A differentiable case, in float64.

    Attributes:
        model: its model, with the variables as inputs and everything else constant.
        given: the values of its inputs.
        variables: the same, moved off the kinks.
        expected: the package's values of its floating outputs.
    """

    name: str
    model: onnx.ModelProto
    given: Arrays
    variables: Arrays
    expected: Arrays

    @property
    def outputs(self) -> list[str]:
        """The names of the floating outputs."""
        return list(self.expected)


@cache
def all_cases() -> dict[str, list[Any]]:
    """The package's cases of one node, by operator; function bodies belong to other operators."""
    found: dict[str, list[Any]] = {name: [] for name in OPERATORS}
    for case in collect_testcases(None):
        nodes = case.model.graph.node
        is_body = case.name.endswith("_expanded")
        if len(nodes) == 1 and nodes[0].op_type in found and not is_body:
            found[nodes[0].op_type].append(case)
    return found


def differentiable(op_type: str) -> Iterator[Case]:
    """Yield the differentiable cases of an operator."""
    for case in all_cases()[op_type]:
        prepared = prepare(case)
        if prepared is not None:
            yield prepared


def prepare(case: Any) -> Case | None:
    """Return a case in float64, or None where it is not differentiable."""
    given, expected = case.data_sets[0]
    node = case.model.graph.node[0]
    settings = named(node, SETTINGS)
    kernels = named(node, KERNELS)
    infos = list(case.model.graph.input)
    variables = [
        info.name
        for info, value in zip(infos, given, strict=True)
        if element(info) in FLOATS and info.name not in settings | kernels and array(value).size
    ]
    outputs = {
        info.name: array(value).astype(np.float64)
        for info, value in zip(case.model.graph.output, expected, strict=True)
        if element(info) in FLOATS and array(value).size
    }
    if not variables or not outputs:
        return None
    rng = np.random.default_rng(0)
    exact: Arrays = {}
    moved: Arrays = {}
    constants: Arrays = {}
    for info, value in zip(infos, given, strict=True):
        if info.name in variables:
            wide = array(value).astype(np.float64)
            exact[info.name] = wide
            moved[info.name] = wide + rng.uniform(0.0, 0.01, wide.shape)
        elif info.name in kernels:
            constants[info.name] = array(value).astype(np.float64)
        else:
            constants[info.name] = array(value)
    model = in_double(case.model, variables, list(outputs), constants)
    return Case(case.name, model, exact, moved, outputs)


def named(node: onnx.NodeProto, table: dict[str, tuple[int, ...]]) -> set[str]:
    """The names of the inputs that a table lists for an operator."""
    return {node.input[i] for i in table.get(node.op_type, ()) if i < len(node.input)}


def element(info: onnx.ValueInfoProto) -> int:
    """The element type of a tensor; 0 for a sequence or an optional."""
    return int(info.type.tensor_type.elem_type)


def array(value: Any) -> np.ndarray:
    """The value of a case's input: a few element types come as protobufs."""
    return numpy_helper.to_array(value) if isinstance(value, TensorProto) else np.asarray(value)


def in_double(
    model: onnx.ModelProto, variables: list[str], outputs: list[str], constants: Arrays
) -> onnx.ModelProto:
    """Copy a model with its variables and outputs in float64 and the other inputs constant."""
    double = onnx.ModelProto()
    double.CopyFrom(model)
    graph = double.graph
    inputs = [i for i in graph.input if i.name in variables]
    results = [o for o in graph.output if o.name in outputs]
    del graph.input[:], graph.output[:]
    for info in (*inputs, *results):
        info.type.tensor_type.elem_type = TensorProto.DOUBLE
    graph.input.extend(inputs)
    graph.output.extend(results)
    graph.initializer.extend(numpy_helper.from_array(v, n) for n, v in constants.items())
    (node,) = graph.node
    for attribute in node.attribute:
        if attribute.name in ("to", "softmax_precision"):
            attribute.i = TensorProto.DOUBLE
    if node.op_type == "GroupNormalization":  # its function body computes in float32 otherwise
        node.attribute.append(helper.make_attribute("stash_type", TensorProto.DOUBLE))
    return double


def disagreement(case: Case) -> str | None:
    """Return how the gradient of a case differs from finite differences, None where it does not.

    Before that, the interpreter must compute what the package says, up to half precision.
    """
    rng = np.random.default_rng(1)
    base = run(case.model, case.variables)
    cotangents = {
        # Scores that a mask has set to minus infinity have no derivative to compare.
        f"cotangent/{name}": np.where(np.isfinite(base[name]), rng.normal(size=base[name].shape), 0)
        for name in case.outputs
    }
    feeds = {**case.variables, **cotangents}
    try:
        graph = pullback(case.model, case.outputs, list(case.variables))
    except UnsupportedGraph as refusal:
        return str(refusal)
    onnx.checker.check_model(graph, full_check=True)
    forward = run(case.model, case.given)
    for name, expected in case.expected.items():
        if not np.allclose(forward[name], expected, rtol=0.02, atol=0.02, equal_nan=True):
            return f"the interpreter computes another {name}"
    found = run(graph, feeds)
    for name, value in case.variables.items():
        gradient = found[f"gradient/{name}"]
        if gradient.shape != value.shape:
            return f"shape {gradient.shape} of {name}"
        direction = np.where(np.isfinite(value), rng.normal(size=value.shape), 0.0)
        reference = differences(case.model, name, feeds, direction)
        actual = float((gradient * direction).sum())
        if not abs(actual - reference) <= TOLERANCE * max(1.0, abs(reference)):
            return f"{actual} instead of {reference} by {name}"
    return None


@pytest.mark.parametrize("op_type", OPERATORS)
def test_cases_agree_with_finite_differences(op_type: str) -> None:
    cases = list(differentiable(op_type))
    assert cases, "the package has no differentiable case of this operator"
    failures = {case.name: found for case in cases if (found := disagreement(case))}
    excused = {case.name for case in cases if case.name in EXCEPTIONS}
    assert set(failures) == excused, failures


def test_at_least_95_percent_of_the_differentiable_cases_agree() -> None:
    names = [case.name for op_type in OPERATORS for case in differentiable(op_type)]
    assert len(names) >= 600
    assert EXCEPTIONS.keys() <= set(names), "an exception that is no case any more"
    assert len(EXCEPTIONS) <= 0.05 * len(names)
