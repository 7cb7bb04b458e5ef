"""A Transformer of the zoo with its heads opened: queries, keys and values beside its outputs.

The graph that ships names its attention only. The other tensors are in it too; here they are made
outputs of the graph in memory, so every number shown is one that the network computed. So are the
query and the keys of a pointer, whose products are the network's answer and not one of its heads.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Semaphore
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dashboard.inference.cards import PREDICT_FILE
from dashboard.inference.graphs import Array
from dashboard.inference.model import Floats
from dashboard.inference.pointers import BETWEEN, PointerTensors, find_pointer
from dashboard.inference.probability import compute_probabilities
from dashboard.inference.running import create_session_of, load_structure
from dashboard.inference.sessions import MAX_RUNS
from dashboard.inference.zoo import verify_files

if TYPE_CHECKING:  # imported where it is used: the first page does not wait for it
    import onnx


@dataclass(frozen=True)
class HeadTensors:
    """The names of one layer's tensors: ``keys`` are transposed, (N, heads, d, T)."""

    queries: str
    keys: str
    values: str
    attention: str


@dataclass(frozen=True, eq=False)
class Heads:
    """All heads of a layer: queries, keys, values (heads, T, d), attention (heads, T, T).

    A pointer is one head that gives no values: theirs are (1, T, 0).
    """

    queries: Floats
    keys: Floats
    values: Floats
    attention: Floats


class HeadsGraph:
    """The prediction graph of a Transformer, opened once; raises ZooError."""

    def __init__(self, folder: Path, *, threads: int | None = None) -> None:
        self.card = verify_files(folder)
        self._folder = folder
        self._spec = self.card.graphs[PREDICT_FILE]
        model = load_structure(folder / PREDICT_FILE)
        self._tensors = find_heads(model)
        self._stored = {w.name: w for w in model.graph.initializer}
        self._pointer = find_pointer(model)
        _add_outputs(model, self._tensors, self._pointer)
        self._session = create_session_of(model, folder / PREDICT_FILE, threads)
        self._running = Semaphore(MAX_RUNS)

    @property
    def layers(self) -> int:
        """How many layers of attention there are."""
        return len(self._tensors)

    def run(self, feed: Mapping[str, Array], outputs: Sequence[str]) -> dict[str, Array]:
        """Return the named outputs; raises KeyError where an input is missing."""
        arrays = {
            name: np.ascontiguousarray(feed[name], dtype=port.dtype)
            for name, port in self._spec.inputs.items()
        }
        with self._running:
            results = self._session.run(list(outputs), arrays)
        return dict(zip(outputs, results, strict=True))

    def open_layer(self, feed: Mapping[str, Array], layer: int) -> Heads:
        """Return the heads of a layer (from 0) for the first row of the batch."""
        names = self._tensors[layer]
        order = [names.queries, names.keys, names.values, names.attention]
        found = self.run(feed, order)
        queries, keys, values, attention = (found[name][0] for name in order)
        return Heads(queries, keys.swapaxes(1, 2), values, attention)

    def open_pointer(self, feed: Mapping[str, Array]) -> Heads:
        """Return the pointer of a sentence that asks from every place, a row of the batch each.

        Raises:
            ValueError: this network has no pointer.
        """
        if self._pointer is None:
            raise ValueError(f"{self.card.name} points to nothing")
        names = self._pointer
        found = self.run(feed, [names.query, names.keys, names.scores])
        queries, keys = found[names.query][:, 0], found[names.keys][0]  # (T, d) each
        shares = compute_probabilities(found[names.scores]).astype(np.float32)  # (T, T)
        none = np.zeros((1, len(keys), 0), np.float32)
        return Heads(queries[np.newaxis], keys[np.newaxis], none, shares[np.newaxis])

    def read_rows(self, weight: str, rows: NDArray[np.int64]) -> Floats:
        """Return some rows of a stored matrix as float32; the others stay on disk."""
        proto = self._stored[weight]
        where = {entry.key: entry.value for entry in proto.external_data}
        table = np.memmap(
            self._folder / Path(where["location"]).name,
            dtype=_get_dtype(proto),
            mode="r",
            offset=int(where.get("offset", 0)),
            shape=tuple(proto.dims),
        )
        return np.asarray(table[rows], dtype=np.float32)


def find_heads(model: onnx.ModelProto) -> tuple[HeadTensors, ...]:
    """Return the tensors around every softmax of attention, in the graph's order."""
    made_by = {name: node for node in model.graph.node for name in node.output}
    mixing = {node.input[0]: node for node in model.graph.node if node.op_type == "MatMul"}
    found = []
    for node in model.graph.node:
        attention = node.output[0]
        if node.op_type != "Softmax" or attention not in mixing:
            continue
        product = _find_product(node.input[0], made_by)
        if product is not None:
            queries, keys = product.input
            found.append(HeadTensors(queries, keys, mixing[attention].input[1], attention))
    return tuple(found)


def _find_product(name: str, made_by: Mapping[str, Any]) -> Any | None:
    """Return the MatMul that scores come from, through scale and mask only."""
    node = made_by.get(name)
    if node is None or node.op_type == "MatMul":
        return node
    if node.op_type not in BETWEEN:
        return None
    inside = (_find_product(each, made_by) for each in node.input)
    return next((product for product in inside if product is not None), None)


def _add_outputs(
    model: onnx.ModelProto, tensors: Sequence[HeadTensors], pointer: PointerTensors | None
) -> None:
    from onnx import TensorProto, helper

    known = {value.name for value in model.graph.output}
    names = [
        name
        for layer in tensors
        for name in (layer.queries, layer.keys, layer.values, layer.attention)
    ]
    if pointer is not None:
        names += [pointer.query, pointer.keys]
    for name in dict.fromkeys(names):
        if name not in known:
            value = helper.make_tensor_value_info(name, TensorProto.FLOAT, None)
            model.graph.output.append(value)


def count_chain(model: onnx.ModelProto, length: int) -> int:
    """Return how many matrix products must wait for one another, for a sequence of ``length``.

    The longest path through the graph, where a recurrent operator counts once a place: it cannot
    start on one before it has finished the one before.
    """
    recurrent = {"RNN", "LSTM", "GRU"}
    depth: dict[str, int] = {}
    for node in model.graph.node:  # in topological order, as ONNX demands
        cost = length if node.op_type in recurrent else int(node.op_type in {"MatMul", "Gemm"})
        below = max((depth.get(name, 0) for name in node.input), default=0)
        depth.update(dict.fromkeys(node.output, below + cost))
    return max(depth[value.name] for value in model.graph.output)


def count_chain_of(folder: Path, length: int) -> int:
    """Return ``count_chain`` of a model of the zoo; raises ZooError."""
    return count_chain(load_structure(folder / PREDICT_FILE), length)


def _get_dtype(proto: onnx.TensorProto) -> Any:
    from onnx import helper

    return helper.tensor_dtype_to_np_dtype(proto.data_type)
