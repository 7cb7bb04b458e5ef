"""The gradient graph of a model of the zoo that takes no pictures: score and gradient."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from threading import Semaphore

import numpy as np

from dashboard.inference.cards import EXPLAIN_FILE
from dashboard.inference.errors import create_zoo_error
from dashboard.inference.graphs import Array
from dashboard.inference.model import Floats
from dashboard.inference.running import create_session
from dashboard.inference.sessions import MAX_RUNS
from dashboard.inference.zoo import verify_files


class GradientGraph:
    """``explain.onnx`` of a model, opened once; raises ZooError."""

    def __init__(self, folder: Path, *, threads: int | None = None) -> None:
        self.card = verify_files(folder)
        if EXPLAIN_FILE not in self.card.files:
            raise create_zoo_error(folder / EXPLAIN_FILE, "is not there")
        self._session = create_session(folder / EXPLAIN_FILE, threads)
        self._running = Semaphore(MAX_RUNS)

    def run(
        self, feed: Mapping[str, Array], target: int, versus: int | None = None
    ) -> tuple[Floats, Floats]:
        """Return (score (N,), gradient of it by the first input, of that input's shape).

        The score is that of ``target``, less that of ``versus`` where there is one.
        """
        count = len(next(iter(feed.values())))
        arrays = {**feed, "target": np.full(count, target, np.int64)}
        if versus is not None:
            arrays["versus"] = np.full(count, versus, np.int64)
        with self._running:
            score, gradient = self._session.run(["score", "gradient"], arrays)
        return score, gradient
