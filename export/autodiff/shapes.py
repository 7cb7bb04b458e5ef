"""Shapes under a batch size that is known only at run time.

Every shape is inferred at two batch sizes. A dimension that is equal at both is static; any other
is affine in the batch size N. Two sizes that are prime and seldom met as a width or a channel
count tell the two cases apart without symbolic arithmetic in every operator.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import defs, helper, numpy_helper, shape_inference
from onnx.reference import ReferenceEvaluator

from export.autodiff.errors import UnsupportedGraph

BATCHES = (5, 7)
SHAPE_OF_FIRST = frozenset({"GroupNormalization"})  # onnx infers nothing for its function body
LARGEST_VALUE = 4096  # elements: shapes, axes and indices are small, weights are not
LARGEST_FLOAT = 256  # elements: small weights must stay in the file that both graphs share

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Batch:
    """A dimension of ``times * N + plus``, where N is the batch size."""

    times: int = 1
    plus: int = 0

    def at(self, batch: int) -> int:
        """Return the dimension at a batch size."""
        return self.times * batch + self.plus

    def __str__(self) -> str:
        factor = "N" if self.times == 1 else f"{self.times}*N"
        return f"{factor}{self.plus:+d}" if self.plus else factor


Dim = int | Batch
Shape = tuple[Dim, ...]


@dataclass(frozen=True)
class Tensor:
    """What is known of a tensor before the graph runs.

    Attributes:
        dtype: ``onnx.TensorProto`` element type.
        shape: one ``int`` or ``Batch`` an axis.
        values: its value at each of ``BATCHES``, for small tensors that do not depend on the image.
    """

    dtype: int
    shape: Shape
    values: tuple[Array, Array] | None = None

    @property
    def is_float(self) -> bool:
        """Whether a gradient can flow through this tensor."""
        return self.dtype in FLOATS

    @property
    def is_static(self) -> bool:
        """Whether neither the shape nor the value depends on the batch size."""
        same = self.values is None or np.array_equal(*self.values)
        return same and all(isinstance(d, int) for d in self.shape)


FLOATS = frozenset(
    {
        onnx.TensorProto.FLOAT,
        onnx.TensorProto.DOUBLE,
        onnx.TensorProto.FLOAT16,
        onnx.TensorProto.BFLOAT16,
    }
)


def is_small(size: int, is_float: bool) -> bool:
    """Return whether a value is worth knowing before the graph runs."""
    return size <= (LARGEST_FLOAT if is_float else LARGEST_VALUE)


def at(shape: Shape, batch: int) -> tuple[int, ...]:
    """Return the shape at one batch size."""
    return tuple(d.at(batch) if isinstance(d, Batch) else d for d in shape)


def merge(first: Sequence[int], second: Sequence[int]) -> Shape:
    """Return the symbolic shape of a tensor seen at both of ``BATCHES``."""
    if len(first) != len(second):
        raise UnsupportedGraph("a tensor's rank depends on the batch size")
    return tuple(_merge_dim(a, b) for a, b in zip(first, second, strict=True))


def _merge_dim(first: int, second: int) -> Dim:
    if first == second:
        return first
    times, rest = divmod(second - first, BATCHES[1] - BATCHES[0])
    if rest:
        raise UnsupportedGraph("a dimension is not affine in the batch size")
    return Batch(times, first - times * BATCHES[0])


def reshape_target(source: Shape, target: Shape) -> list[int] | None:
    """Return Reshape's argument that turns one shape into another, or None if there is none.

    0 (take the input's dimension) is preferred to -1 (work it out) where the batch passes through:
    ONNX Runtime can then prove that batch sizes are equal, and keeps its blocked layout.
    """
    spec: list[int] = []
    for axis, dim in enumerate(target):
        if isinstance(dim, int):
            spec.append(dim)
        elif axis < len(source) and source[axis] == dim:
            spec.append(0)
        elif -1 not in spec:
            spec.append(-1)
        else:
            return None
    return spec


def infer(node: onnx.NodeProto, inputs: Mapping[str, Tensor], opset: int) -> list[Tensor]:
    """Infer the outputs of one node at both batch sizes.

    Args:
        node: the node; its domain is ONNX's own.
        inputs: what is known of each of its inputs.
        opset: the operator set's version.

    Raises:
        UnsupportedGraph: an output's shape depends on the data, or differs in rank.
    """
    known = [inputs[name] for name in node.input if name]
    if node.op_type == "Shape":
        return [_shape_of(node, known[0])]
    if node.op_type in SHAPE_OF_FIRST:
        return [Tensor(known[0].dtype, known[0].shape)]
    if all(t.values is not None for t in known) and not any(
        a.HasField("g") for a in node.attribute
    ):
        evaluated = _evaluate(node, inputs, opset)
        if evaluated is not None:
            return evaluated
    first = _infer_at(node, inputs, opset, 0)
    static = all(t.is_static for t in known)
    second = first if static else _infer_at(node, inputs, opset, 1)
    return [
        Tensor(dtype, merge(shape, other))
        for (dtype, shape), (_, other) in zip(first, second, strict=True)
    ]


def _shape_of(node: onnx.NodeProto, tensor: Tensor) -> Tensor:
    bounds = {a.name: a.i for a in node.attribute}
    part = slice(bounds.get("start", 0), bounds.get("end"))
    first, second = (np.array(at(tensor.shape, n)[part], np.int64) for n in BATCHES)
    return Tensor(onnx.TensorProto.INT64, (len(first),), (first, second))


def _infer_at(
    node: onnx.NodeProto, inputs: Mapping[str, Tensor], opset: int, which: int
) -> list[tuple[int, tuple[int, ...]]]:
    types = {
        name: helper.make_tensor_type_proto(t.dtype, at(t.shape, BATCHES[which]))
        for name, t in inputs.items()
    }
    data = {
        name: numpy_helper.from_array(t.values[which], name)
        for name, t in inputs.items()
        if t.values is not None
    }
    try:
        schema = defs.get_schema(node.op_type, opset, node.domain)
        outputs = shape_inference.infer_node_outputs(
            schema, node, types, data, opset_imports=[helper.make_opsetid("", opset)]
        )
    except (shape_inference.InferenceError, defs.SchemaError) as error:
        raise UnsupportedGraph(f"{node.op_type} at batch size {BATCHES[which]}: {error}") from error
    return [_read(node, name, outputs.get(name)) for name in node.output if name]


def _read(
    node: onnx.NodeProto, name: str, inferred: onnx.TypeProto | None
) -> tuple[int, tuple[int, ...]]:
    tensor = inferred.tensor_type if inferred is not None else None
    if tensor is None or not tensor.HasField("shape"):
        raise UnsupportedGraph(f"the shape of {name!r} ({node.op_type}) cannot be inferred")
    if not all(d.HasField("dim_value") for d in tensor.shape.dim):
        raise UnsupportedGraph(f"the shape of {name!r} ({node.op_type}) depends on the data")
    return tensor.elem_type, tuple(d.dim_value for d in tensor.shape.dim)


def _evaluate(
    node: onnx.NodeProto, inputs: Mapping[str, Tensor], opset: int
) -> list[Tensor] | None:
    """Run a node whose inputs are known at both batch sizes; None where its result is not small."""
    runs: list[list[Array]] = []
    evaluator = ReferenceEvaluator(node, opsets={"": opset})
    for which in range(len(BATCHES)):
        feeds = {n: t.values[which] for n, t in inputs.items() if t.values is not None}
        try:
            results = evaluator.run(None, feeds)
        except Exception:  # the interpreter lacks this case: the shape alone must do
            return None
        runs.append([np.asarray(r) for r in results])
        if not all(is_small(r.size, r.dtype.kind == "f") for r in runs[-1]):
            return None
    return [
        Tensor(helper.np_dtype_to_tensor_dtype(a.dtype), merge(a.shape, b.shape), (a, b))
        for a, b in zip(*runs, strict=True)
    ]
