"""The hand that emits the gradient graph, and how to write a rule for it.

A rule gives the gradients of one operator's inputs from the gradients of its outputs::

    def tanh(b: Builder, node: Node, grad: str) -> Gradients:
        '''d tanh(x) = 1 - tanh(x)^2, from the output, which the forward pass has already.'''
        y = node.outputs[0]
        return [b.op("Mul", grad, b.op("Sub", 1.0, b.op("Mul", y, y)))]

    RULES: dict[str, Rule] = {"Tanh": tanh}

* It receives the builder, the node (``node.inputs``, ``node.outputs``, ``node.attributes`` with the
  specification's defaults, ``node.input(i)`` which is None for an absent one), and one gradient
  **name** an output: None where the score does not depend on that output. A rule for operators with
  one output may take ``grad: str``: it is called only when that gradient exists.
* It returns one name an input, in order, or None where there is none; trailing Nones may be left
  out. Work for an input may be skipped when ``b.needs_grad(name)`` is false. Accumulating over
  several consumers is the reverse pass's work, not the rule's.
* Tensors are names (``str``). Any tensor of the forward graph may be used by its name; it is kept.
* ``b.op(op_type, *operands, **attributes)`` emits a node and returns its output; ``b.ops`` is for
  several outputs. An operand is a name, a Python number (a scalar of the first named operand's
  type), a list or tuple of ints (a 1-D int64 tensor: axes, shapes), a numpy array (as it is), or ""
  for an absent input. Equal nodes are emitted once, so rules need not share by hand.
* ``b.shape(t)`` is symbolic: each axis an ``int``, or a ``Batch`` (a * N + b) under the dynamic
  batch. ``b.size(t, axis)`` is that axis as an ``int``; it refuses the operator if it is dynamic.
  ``b.value(t)`` is the numpy value of a constant, else None: for parameters, not for big weights.
* The gradient of an input must have the input's shape: see ``unbroadcast``, ``reshape_like``,
  ``expand_like``. The reverse pass checks it after every rule.
* What a rule cannot do it refuses: ``raise UnsupportedOperator(node.op_type, node.name, hint)``.
* Emit ONNX operators of opset 18 whose meaning has not changed since, in the simplest form that
  ONNX Runtime's CPU kernels support in float32.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from onnx import helper

from export.autodiff.errors import UnsupportedGraph, UnsupportedOperator
from export.autodiff.graph import Graph
from export.autodiff.node import Node
from export.autodiff.shapes import Array, Shape, Tensor, infer, reshape_target

Operand = str | float | Sequence[int] | Array
Gradients = Sequence[str | None]
Rule = Callable[..., Gradients]
Lowering = Callable[..., Sequence[str]]  # (builder, node): the parts' names for each output

PREFIX = "d/"  # of every emitted tensor, so that the gradient part is seen at a glance


class Builder:
    """Emits nodes after the forward graph, and knows the shape of every tensor in both.

    Args:
        graph: the prepared forward graph.
        needed: the tensors whose gradient is asked for, directly or on the way to one that is.
        prefix: what the names of the emitted tensors begin with.
    """

    def __init__(
        self, graph: Graph, needed: frozenset[str] = frozenset(), prefix: str = PREFIX
    ) -> None:
        self.graph = graph
        self.prefix = prefix
        self.tensors: dict[str, Tensor] = dict(graph.tensors)
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, onnx.TensorProto] = {}
        self._needed = needed
        self._twins: dict[str, str] = {}
        self._emitted: dict[Any, list[str]] = {}
        self._values: dict[Any, str] = {}
        self._node: Node | None = None
        self.doing = "differentiated"  # what a refusal says cannot be done

    # --- What is known -------------------------------------------------------------------------

    def info(self, name: str) -> Tensor:
        """Return what is known of a tensor.

        Raises:
            UnsupportedGraph: its shape could not be inferred.
        """
        try:
            return self.tensors[name]
        except KeyError:
            reason = self.graph.unknown.get(name, "it is not in the graph")
            raise UnsupportedGraph(f"the shape of {name!r} is not known: {reason}") from None

    def shape(self, name: str) -> Shape:
        """Return the symbolic shape: an ``int`` or a ``Batch`` an axis."""
        return self.info(name).shape

    def rank(self, name: str) -> int:
        """Return the number of axes."""
        return len(self.shape(name))

    def dtype(self, name: str) -> int:
        """Return the element type, as in ``onnx.TensorProto``."""
        return self.info(name).dtype

    def size(self, name: str, axis: int) -> int:
        """Return a static dimension.

        Raises:
            UnsupportedOperator: the dimension is the batch, so the operator would couple samples.
        """
        dim = self.shape(name)[axis]
        if isinstance(dim, int):
            return dim
        raise self.refusal(f"axis {axis} of {name!r} must not depend on the batch size")

    def value(self, name: str | None) -> Array | None:
        """Return the value of a constant, or None if it is not one (or the name is None)."""
        if not name:
            return None
        tensor = self.tensors.get(name)
        if tensor is not None and tensor.values is not None:
            first, second = tensor.values
            return first if np.array_equal(first, second) else None
        if name in self.constants:
            return onnx.numpy_helper.to_array(self.constants[name])
        return self.graph.constant(name)

    def needs_grad(self, name: str | None) -> bool:
        """Return whether anyone asks for the gradient of this tensor."""
        return bool(name) and name in self._needed

    def pair(self, twins: Mapping[str, str]) -> None:
        """Note the tensors of a second run by those of the first; gradients go to both alike."""
        self._twins = dict(twins)
        self._needed |= {twin for name, twin in twins.items() if name in self._needed}

    def reference(self, name: str) -> str:
        """Return a tensor of the second run; what no picture changes is the same in both."""
        return self._twins.get(name, name)

    def refusal(self, hint: str) -> UnsupportedOperator:
        """Return the error that names the node whose rule is running."""
        node = self._node
        op_type, name = (node.op_type, node.name) if node else ("graph", "output")
        return UnsupportedOperator(op_type, name, hint, self.doing)

    # --- Emitting ------------------------------------------------------------------------------

    def op(self, op_type: str, *operands: Operand, **attributes: Any) -> str:
        """Emit a node with one output and return that output's name."""
        return self.ops(op_type, 1, *operands, **attributes)[0]

    def ops(self, op_type: str, count: int, *operands: Operand, **attributes: Any) -> list[str]:
        """Emit a node with ``count`` outputs and return their names."""
        inputs = self._names(operands)
        key = (op_type, count, inputs, repr(sorted(attributes.items())))
        if key not in self._emitted:
            self._emitted[key] = self._emit(op_type, count, inputs, attributes)
        return self._emitted[key]

    def _emit(
        self, op_type: str, count: int, inputs: Sequence[str], attributes: Mapping[str, Any]
    ) -> list[str]:
        stem = f"{self.prefix}{op_type}_{len(self.nodes)}"
        outputs = [stem] if count == 1 else [f"{stem}:{i}" for i in range(count)]
        proto = helper.make_node(op_type, inputs, outputs, name=stem, **attributes)
        known = {name: self.info(name) for name in inputs if name}
        self.tensors.update(zip(outputs, infer(proto, known, self.graph.opset), strict=True))
        self.nodes.append(proto)
        return outputs

    def name(self, tensor: str, public: str) -> None:
        """Give a tensor a second, public name, as an output of the graph."""
        self.nodes.append(helper.make_node("Identity", [tensor], [public], name=public))
        self.tensors[public] = self.info(tensor)

    def _names(self, operands: Sequence[Operand]) -> tuple[str, ...]:
        like = next((o for o in operands if isinstance(o, str) and o), None)
        return tuple(o if isinstance(o, str) else self._constant(o, like) for o in operands)

    def _constant(self, operand: float | Sequence[int] | Array, like: str | None) -> str:
        if isinstance(operand, np.ndarray):
            return self.const(operand)
        if isinstance(operand, list | tuple):
            return self.const(np.array(operand, np.int64))
        return self.const(np.array(operand), like)

    def const(self, value: Array | float | Sequence[float], like: str | None = None) -> str:
        """Return a constant's name; with ``like``, of that tensor's element type."""
        array = np.asarray(value)
        if like is not None:
            array = array.astype(helper.tensor_dtype_to_np_dtype(self.dtype(like)))
        key = (array.dtype.str, array.shape, array.tobytes())
        if key not in self._values:
            self._values[key] = self._add_constant(array)
        return self._values[key]

    def _add_constant(self, array: Array) -> str:
        name = f"{self.prefix}constant_{len(self.constants)}"
        dtype = helper.np_dtype_to_tensor_dtype(array.dtype)
        self.constants[name] = onnx.numpy_helper.from_array(array.copy(order="C"), name)
        small = (array, array) if array.size <= 4096 else None
        self.tensors[name] = Tensor(dtype, array.shape, small)
        return name

    # --- Shapes --------------------------------------------------------------------------------

    def runtime_shape(self, name: str) -> str:
        """Return an int64 1-D tensor: the shape of ``name``, a constant where it is static."""
        shape = self.shape(name)
        static = [d for d in shape if isinstance(d, int)]
        return (
            self.const(np.array(static, np.int64))
            if len(static) == len(shape)
            else self.op("Shape", name)
        )

    def reshape(self, name: str, shape: Shape) -> str:
        """Reshape to a symbolic shape in which at most one dynamic axis is a new one."""
        if self.shape(name) == shape:
            return name
        spec = reshape_target(self.shape(name), shape)
        if spec is None:
            raise self.refusal("more than one axis would depend on the batch size")
        return self.op("Reshape", name, spec)

    def reshape_like(self, name: str, like: str) -> str:
        """Reshape to the shape of ``like``."""
        spec = reshape_target(self.shape(name), self.shape(like))
        if spec is None:
            return self.op("Reshape", name, self.runtime_shape(like))
        return self.reshape(name, self.shape(like))

    def expand_like(self, name: str, like: str) -> str:
        """Broadcast to the shape of ``like``."""
        if self.shape(name) == self.shape(like):
            return name
        shape, target = self.shape(name), self.shape(like)
        own = (1,) * (len(target) - len(shape)) + shape
        if all(isinstance(dim, int) or own[axis] == dim for axis, dim in enumerate(target)):
            # Expand keeps an axis that is asked to be 1: no shape has to be computed at run time.
            return self.op("Expand", name, [d if isinstance(d, int) else 1 for d in target])
        return self.op("Expand", name, self.runtime_shape(like))

    def zeros_like(self, name: str) -> str:
        """Return zeros of the shape and type of ``name``."""
        return self.op("Expand", self.const(0.0, like=name), self.runtime_shape(name))

    def sum_to(self, name: str, axes: Sequence[int], keepdims: bool = True) -> str:
        """Sum over axes; nothing is emitted for none."""
        if not axes:
            return name
        return self.op("ReduceSum", name, list(axes), keepdims=int(keepdims))

    def unbroadcast(self, grad: str, like: str) -> str:
        """Sum a gradient over the axes along which ``like`` was broadcast."""
        shape, target = self.shape(grad), self.shape(like)
        if shape == target:
            return grad
        extra = len(shape) - len(target)
        summed = self.sum_to(grad, range(extra), keepdims=False)
        stretched = [i for i, dim in enumerate(target) if dim == 1 and shape[extra + i] != 1]
        return self.sum_to(summed, stretched)

    # --- Arithmetic that many rules share --------------------------------------------------------

    def total(self, names: Sequence[str]) -> str:
        """Add tensors of one shape."""
        result = names[0]
        for name in names[1:]:
            result = self.op("Add", result, name)
        return result

    def masked(self, grad: str, condition: str) -> str:
        """Return the gradient where a boolean tensor holds, and zero elsewhere.

        Casting and multiplying takes half the time of Where in ONNX Runtime.
        """
        return self.op("Mul", grad, self.op("Cast", condition, to=self.dtype(grad)))

    def running(self, node: Node) -> None:
        """Note whose rule is running, so that a refusal names it."""
        self._node = node
