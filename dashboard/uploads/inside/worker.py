"""What the sandboxed process does with an uploaded file: check, describe, open, differentiate, run.

It imports ONNX and ONNX Runtime, and only the sandbox imports it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec
import numpy as np
import onnx
import onnxruntime as ort
from numpy.typing import NDArray
from onnx import inliner

from dashboard.inference.activation_memory import find_peak
from dashboard.inference.layer_macs import count_layers
from dashboard.inference.model import Floats
from dashboard.uploads.cost import encode_cost
from dashboard.uploads.inside.checks import check_upload
from dashboard.uploads.inside.describe import add_statistics, describe
from dashboard.uploads.inside.gradients import (
    create_rule_graph,
    differentiate_upload,
    fix_shape,
    get_batch,
    keep_forward,
)
from dashboard.uploads.inside.precision import use_single_precision
from dashboard.uploads.inside.shuffle import name_weights, shuffle_weights
from dashboard.uploads.inspection import encode_inspection
from dashboard.uploads.limits import Limits
from dashboard.uploads.sandbox_wire import Header, Message, UploadError

ORIGINAL, LOGITS, EXPLAIN = "original", "logits", "explain"

_MEMORY = ("bad_alloc", "Failed to allocate", "bad array new length")


class Worker:
    """The state of one process: a checked model, and the sessions that were made from it."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._model: onnx.ModelProto | None = None
        self._sessions: dict[str, Any] = {}

    def answer(self, request: Message) -> Message:
        """Answer one request; raises UploadError with the reason where it cannot."""
        match request.header.get("do"):
            case "inspect":
                return self._inspect(request.arrays[0].tobytes())
            case "open":
                return self._open(request.header)
            case "differentiate":
                return self._differentiate(request.header)
            case "propagate":
                return self._propagate(request.header)
            case "cost":
                return self._count(request.header)
            case "weights":
                return Message({"names": name_weights(self.model)})
            case "shuffle":
                return self._shuffle(request.header)
            case "run":
                return self._run(request)
        raise UploadError("The sandbox does not know this request.")

    @property
    def model(self) -> onnx.ModelProto:
        """The checked model."""
        if self._model is None:
            raise UploadError("No model was uploaded.")
        return self._model

    def _inspect(self, data: bytes) -> Message:
        model = check_upload(data)
        if model.functions:
            model = inliner.inline_local_functions(model)
        was_converted = use_single_precision(model)
        self._model = model
        self._sessions.clear()
        return encode_inspection(describe(model, was_converted))

    def _open(self, header: Header) -> Message:
        """Make the session of the graph as it is, with statistics of its first layers if wanted."""
        with _restored(self.model):
            if header.get("statistics"):
                add_statistics(self.model)
            self._sessions[ORIGINAL] = self._create_session(self.model)
        return Message({})

    def _differentiate(self, header: Header) -> Message:
        """Make the sessions of the gradient graph and of its forward part."""
        with _restored(self.model):
            model, facts = differentiate_upload(self.model, header)
        if model is not None:
            self._sessions[EXPLAIN] = self._create_session(model)
            keep_forward(model)
            self._sessions[LOGITS] = self._create_session(model)
        return Message(msgspec.to_builtins(facts))

    def _propagate(self, header: Header) -> Message:
        """Make the session of a backward pass by other rules than the gradient's."""
        with _restored(self.model):
            model, facts = create_rule_graph(self.model, header)
        if model is not None:
            self._sessions[str(header["rules"])] = self._create_session(model)
        return Message(msgspec.to_builtins(facts))

    def _count(self, header: Header) -> Message:
        """Count work and memory for one image of the shape that the app names."""
        with _restored(self.model):
            fix_shape(self.model.graph, str(header["image"]), header["shape"])
            try:
                layers, peak = count_layers(self.model), find_peak(self.model)
            except (ValueError, KeyError, IndexError) as error:
                raise UploadError(f"Its work cannot be counted: {error}.") from error
        return Message(encode_cost(layers, peak, get_batch(self.model.graph)))

    def _shuffle(self, header: Header) -> Message:
        """Shuffle weights of the graph itself: what was opened before is void."""
        shuffle_weights(self.model, [int(each) for each in header["places"]], int(header["seed"]))
        self._sessions.clear()
        return Message({})

    def _create_session(self, model: onnx.ModelProto) -> Any:
        options = ort.SessionOptions()
        options.intra_op_num_threads = self._limits.threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 4
        # Threads that spin while they wait take cores from every other visitor.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        with _explained():
            data = model.SerializeToString()
            return ort.InferenceSession(data, options, providers=["CPUExecutionProvider"])

    def _run(self, request: Message) -> Message:
        """Run a graph on a batch, in steps of the one batch size that it takes if it takes one."""
        session = self._sessions.get(str(request.header.get("graph")))
        if session is None:
            raise UploadError("This graph was not opened.")
        # "versus" has a default: ONNX Runtime lists it apart from the inputs.
        declared = [*session.get_inputs(), *session.get_overridable_initializers()]
        kinds = {each.name: each.type for each in declared}
        given = zip(request.header.get("inputs", []), request.arrays, strict=True)
        feeds = {name: _cast(array, kinds.get(name, "")) for name, array in given}
        names = [str(name) for name in request.header.get("outputs", [])]
        fixed = session.get_inputs()[0].shape[0]
        step = fixed if isinstance(fixed, int) and fixed > 0 else 0
        with _explained():
            return Message({}, tuple(_run_in_steps(session, names, feeds, step)))


def _run_in_steps(
    session: Any, names: Sequence[str], feeds: dict[str, NDArray[Any]], step: int
) -> list[NDArray[Any]]:
    count = len(next(iter(feeds.values())))
    parts = []
    for start in range(0, count, step or max(count, 1)):
        part = {name: values[start : start + (step or count)] for name, values in feeds.items()}
        n_real = len(next(iter(part.values())))
        if step > n_real:  # the last input stands in for those that are missing
            part = {name: _fill_up(values, step) for name, values in part.items()}
        results = session.run(list(names), part)
        parts.append([_narrow(result)[:n_real] for result in results])
    return [np.concatenate(outputs) for outputs in zip(*parts, strict=True)]


def _fill_up(values: NDArray[Any], count: int) -> NDArray[Any]:
    filled: NDArray[Any] = np.concatenate([values, values[-1:].repeat(count - len(values), 0)])
    return filled


def _cast(values: NDArray[Any], kind: str) -> NDArray[Any]:
    """Return values as an input takes them; ``kind`` is ONNX Runtime's name, "tensor(float)"."""
    if kind == "tensor(uint8)":
        pixels: NDArray[np.uint8] = np.clip(np.rint(values), 0, 255).astype(np.uint8)
        return pixels
    return values


def _narrow(result: Any) -> Floats:
    if not isinstance(result, np.ndarray) or result.dtype.kind not in "fiu" or result.ndim == 0:
        raise UploadError("The network gives something that is no array of numbers.")
    narrowed: Floats = result.astype(np.float32)
    return narrowed


@contextmanager
def _restored(model: onnx.ModelProto) -> Iterator[None]:
    """Undo what is added to a graph inside, and what is done to its inputs and outputs."""
    graph = model.graph
    kept = {name: [_copy(v) for v in getattr(graph, name)] for name in ("input", "output")}
    n_nodes, n_weights = len(graph.node), len(graph.initializer)
    try:
        yield
    finally:
        del graph.node[n_nodes:], graph.initializer[n_weights:]
        for name, values in kept.items():
            del getattr(graph, name)[:]
            getattr(graph, name).extend(values)


def _copy(value: onnx.ValueInfoProto) -> onnx.ValueInfoProto:
    copied = onnx.ValueInfoProto()
    copied.CopyFrom(value)
    return copied


@contextmanager
def _explained() -> Iterator[None]:
    """Turn what ONNX Runtime raises into a sentence."""
    try:
        yield
    except UploadError:
        raise
    except Exception as error:  # a dozen classes of its own
        text = str(error).rsplit("[ONNXRuntimeError] : ", 1)[-1]
        if any(mark in text for mark in _MEMORY):
            raise MemoryError from error
        raise UploadError(f"ONNX Runtime cannot run the network: {text}") from error
