"""Any graph of the zoo, run on ONNX Runtime: for the tasks that are not image classification."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Semaphore
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard.inference.cards import GraphSpec, ModelCard
from dashboard.inference.errors import create_zoo_error
from dashboard.inference.running import create_session
from dashboard.inference.sessions import MAX_RUNS
from dashboard.inference.zoo import verify_files

Array = NDArray[Any]
Weights = Mapping[str, Array]


class OnnxGraph:
    """One graph of a model of the zoo, opened once and shared by all threads.

    Opening checks the model's files against its card. ``member`` names other weights for the same
    graph, a run of a sweep or a moment of a training; "" takes the graph's own.

    Raises:
        ZooError: the card or a file cannot be used.
        KeyError: the card lists no such graph or member.
    """

    def __init__(
        self, folder: Path, file: str, member: str = "", *, threads: int | None = None
    ) -> None:
        self.card = verify_files(folder)
        self.spec: GraphSpec = self.card.graphs[file]
        # Kept here too: the session reads these arrays in place.
        self._weights = load_member(folder, self.card, member) if member else {}
        self._session = create_session(folder / file, threads, self._weights)
        self._running = Semaphore(MAX_RUNS)

    def run(self, feed: Mapping[str, Array], outputs: Sequence[str] = ()) -> dict[str, Array]:
        """Return the named outputs, or all of them, by name.

        Raises:
            ValueError: an input is missing or has another number of axes or another size.
        """
        arrays = {name: _check(name, self.spec, feed) for name in self.spec.inputs}
        names = list(outputs or self.spec.outputs)
        with self._running:
            results = self._session.run(names, arrays)
        return dict(zip(names, results, strict=True))


def load_member(folder: Path, card: ModelCard, member: str) -> Weights:
    """Return other weights of a model by the names of its graph's initializers; raises ZooError."""
    path = folder / card.members[member]
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return {name: np.ascontiguousarray(arrays[name]) for name in arrays.files}
    except (OSError, ValueError) as error:
        raise create_zoo_error(path, "cannot be read") from error


def _check(name: str, spec: GraphSpec, feed: Mapping[str, Array]) -> Array:
    port = spec.inputs[name]
    if name not in feed:
        raise ValueError(f"the input {name} is missing")
    array = np.ascontiguousarray(feed[name], dtype=port.dtype)
    fits = array.ndim == len(port.axes) and all(
        isinstance(axis, str) or axis == size
        for axis, size in zip(port.axes, array.shape, strict=True)
    )
    if not fits:
        raise ValueError(f"the input {name} must be {port.axes}, not {array.shape}")
    return array
