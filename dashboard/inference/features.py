"""A network's penultimate features: what its last layer reads, beside its logits."""

from __future__ import annotations

from pathlib import Path
from threading import Semaphore

import numpy as np

from dashboard.inference.cards import PREDICT_FILE
from dashboard.inference.errors import create_zoo_error
from dashboard.inference.model import Floats
from dashboard.inference.running import create_session_of
from dashboard.inference.sessions import MAX_RUNS
from dashboard.inference.zoo import verify

CHUNK = 64


class FeatureGraph:
    """``predict.onnx`` with one inner tensor as a second output; changed in memory only.

    ``tensor`` names it, (N, D) or (N, D, 1, 1). For small pictures: 64 run at once.

    Raises:
        ZooError: the folder or its graph cannot be used, or the graph has no such tensor.
    """

    def __init__(self, folder: Path, tensor: str, *, threads: int | None = None) -> None:
        import onnx  # here, because the first page does not wait for it

        card = verify(folder)
        path = folder / PREDICT_FILE
        self._input, self._names = card.input.name, [card.output.name, tensor]
        self._running = Semaphore(MAX_RUNS)
        try:
            model = onnx.load(str(path), load_external_data=False)
            model.graph.output.append(onnx.ValueInfoProto(name=tensor))
            self._session = create_session_of(model, path, threads)
        except Exception as error:  # ONNX Runtime and protobuf raise a dozen classes of their own
            raise create_zoo_error(path, f"has no tensor {tensor} that can be read") from error

    def run(self, inputs: Floats) -> tuple[Floats, Floats]:
        """Return logits (N, K) and features (N, D) of inputs (N, C, H, W)."""
        parts = []
        for start in range(0, len(inputs), CHUNK):
            with self._running:
                feed = {self._input: inputs[start : start + CHUNK]}
                parts.append(self._session.run(self._names, feed))
        logits, features = (np.concatenate(each) for each in zip(*parts, strict=True))
        return logits, features.reshape(len(features), -1)
