"""Opening a graph, and sessions that give back what they held for a large run.

ONNX Runtime keeps the memory of its largest run for the next one. On a page that has asked a
network hundreds of questions nobody may ask as many again, and the host counts all of it. A run
with the arena's shrinkage gives it back, at the price of a third of that run's time: so it is done
once, after the work, with one input (onnxruntime_run_options_config_keys.h).
"""

from __future__ import annotations

import ctypes
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from dashboard.inference.errors import create_zoo_error
from dashboard.inference.providers import CUDA, choose_providers, count_threads

if TYPE_CHECKING:
    import onnx

_LONG = 0.02  # seconds: what takes less holds little
_SHRINK = "memory.enable_memory_arena_shrinkage"

_WEIGHTS_FOLDER = "session.model_external_initializers_file_folder_path"

# onnx.TensorProto.FLOAT and FLOAT16; importing onnx for two numbers would cost the first page.
_ELEMENT_TYPES = {"float32": 1, "float16": 10}

# ONNX Runtime would warn that "versus" has a default, which is why it may be left out.
_ERRORS_ONLY = 3

_OPEN: WeakSet[Session] = WeakSet()


class Session:
    """An ONNX Runtime session; ``give_back`` undoes what a large run has left behind."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self._last: tuple[list[str], dict[str, NDArray[Any]]] | None = None
        self._on_cpu = CUDA not in session.get_providers()
        _OPEN.add(self)

    def run(self, names: Sequence[str], feed: Mapping[str, Any]) -> list[Any]:
        """Return the outputs called ``names``; every array of ``feed`` has a row an input."""
        start = time.perf_counter()
        found: list[Any] = self._session.run(list(names), dict(feed))
        if self._on_cpu and time.perf_counter() - start > _LONG:
            self._last = list(names), {name: _take_first(array) for name, array in feed.items()}
        return found

    def get_providers(self) -> list[str]:
        """Return where it runs, as ONNX Runtime calls it."""
        providers: list[str] = self._session.get_providers()
        return providers

    def give_back(self) -> bool:
        """Give the memory of the last large run back; return whether there was one."""
        last, self._last = self._last, None
        if last is None:
            return False
        options = ort.RunOptions()
        options.add_run_config_entry(_SHRINK, "cpu:0")
        self._session.run(*last, options)
        return True


def give_back_memory() -> None:
    """Let every open session give back what its last large run held; cheap where there was none."""
    n_given = sum(session.give_back() for session in list(_OPEN))
    if n_given and sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # the GNU C library's
        if trim is not None:
            trim(0)


def _take_first(array: NDArray[Any]) -> NDArray[Any]:
    return np.array(array[:1])  # a copy: the batch itself is let go


def _share(array: NDArray[Any]) -> Any:
    """Return a value in the array's own memory: ONNX Runtime takes no other in place of weights."""
    kind = _ELEMENT_TYPES[array.dtype.name]
    return ort.OrtValue.ortvalue_from_numpy_with_onnx_type(array, kind)


def load_structure(path: Path) -> onnx.ModelProto:
    """Return a graph without its weights, which stay on disk; raises ZooError."""
    import onnx  # here, because the first page does not wait for it

    try:
        return onnx.load(str(path), load_external_data=False)
    except Exception as error:  # protobuf's own error type comes without type stubs
        raise create_zoo_error(path, "is no graph that can be read") from error


def create_session(
    path: Path, threads: int | None, weights: Mapping[str, NDArray[Any]] | None = None
) -> Session:
    """Return an ONNX Runtime session of a graph, with its weights from the same folder.

    ``weights`` take the place of the graph's own of the same names, which must be external; their
    memory is shared, so they must live as long as the session.

    Raises:
        ZooError: the graph cannot be loaded.
    """
    return _open(str(path), _create_options(threads, weights), path)


def create_session_of(
    model: onnx.ModelProto,
    path: Path,
    threads: int | None,
    weights: Mapping[str, NDArray[Any]] | None = None,
) -> Session:
    """Return a session of a graph that was made from the one at ``path``, with its weights.

    ``weights`` take the place of some, see ``create_session``.

    Raises:
        ZooError: the graph cannot be loaded.
    """
    options = _create_options(threads, weights)
    options.add_session_config_entry(_WEIGHTS_FOLDER, str(path.parent.resolve()))
    return _open(model.SerializeToString(), options, path)


def _create_options(threads: int | None, weights: Mapping[str, NDArray[Any]] | None) -> Any:
    options = ort.SessionOptions()
    options.intra_op_num_threads = count_threads() if threads is None else threads
    # Threads that spin while they wait take cores from every other visitor.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = _ERRORS_ONLY
    for name, array in (weights or {}).items():
        options.add_external_initializers([name], [_share(array)])
    return options


def _open(graph: str | bytes, options: Any, path: Path) -> Session:
    try:
        session = ort.InferenceSession(graph, options, providers=list(choose_providers()))
    except Exception as error:  # ONNX Runtime raises a dozen classes of its own
        raise create_zoo_error(path, "is no graph that ONNX Runtime can load") from error
    return Session(session)
