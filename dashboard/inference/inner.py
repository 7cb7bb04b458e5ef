"""A network opened up: its inner layers as outputs, with switches, and gradients of single units.

``predict.onnx`` is changed in memory only: chosen inner tensors become outputs, each passes through
a switch a channel (a factor of 0 or 1), and the gradient graphs are made when first asked for. The
weights are read from the model's own folder.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from threading import Lock, Semaphore
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard.inference.cards import PREDICT_FILE, Card, load_card
from dashboard.inference.model import Floats, Ints
from dashboard.inference.running import Session, create_session_of, load_structure
from dashboard.inference.sessions import MAX_RUNS
from dashboard.inference.stages import (
    SWITCH,
    FirstConvolution,
    Stage,
    find_stages,
    read_first_convolution,
)

CHUNK = 8  # photos of 224 x 224 at once, as PREDICT_CHUNK; more of smaller ones
_CHUNK_PIXELS = CHUNK * 224 * 224
_MAX_CHUNK = 64

Feed = dict[str, Floats | Ints]


class InnerModel:
    """The inside of an image network; opened once, shared by all threads.

    ``folder`` is the model's in the zoo; its files must have been checked (OnnxModel does).
    ``weights`` take the place of weights of the same names.

    Raises:
        ZooError: the graph cannot be read.
    """

    def __init__(
        self,
        folder: Path,
        *,
        threads: int | None = None,
        weights: Mapping[str, NDArray[Any]] | None = None,
    ) -> None:
        self._weights = dict(weights or {})  # kept: the sessions read these arrays in place
        self._path = folder / PREDICT_FILE
        self.card: Card = load_card(folder)
        self._threads = threads
        self._sessions: dict[tuple[str, int], Session] = {}
        self._opening = Lock()
        self._running = Semaphore(MAX_RUNS)
        self.stages: tuple[Stage, ...] = find_stages(load_structure(self._path))

    def read_kernels(self) -> FirstConvolution:
        """Return the first layer's numbers."""
        return read_first_convolution(load_structure(self._path), str(self._path.parent))

    def look(
        self,
        inputs: Floats,
        switches: Mapping[int, Floats] | None = None,
        *,
        is_before: bool = False,
    ) -> tuple[Floats, list[Floats]]:
        """Return the logits (N, K) and every stage's activations (N, C, side, side).

        ``switches``: stage -> (N, C), the factor of each channel (1 leaves it, 0 silences it);
        what is returned of a layer is not switched itself. ``is_before`` returns the sums
        before the activation instead: an activation with a ceiling makes many places equal.
        """
        given = dict(switches or {})
        session = self._open("look")
        names = [
            self.card.output.name,
            *(stage.before if is_before else stage.tensor for stage in self.stages),
        ]
        step = min(_MAX_CHUNK, max(1, _CHUNK_PIXELS // self.card.input.size**2))
        parts = []
        for start in range(0, len(inputs), step):
            part = inputs[start : start + step]
            feed = {self.card.input.name: part}
            for index, stage in enumerate(self.stages):
                rows = given.get(index)
                factors = (
                    np.ones((len(part), stage.channels), np.float32)
                    if rows is None
                    else rows[start : start + step].astype(np.float32)
                )
                feed[SWITCH + stage.tensor] = factors[:, :, np.newaxis, np.newaxis]
            with self._running:
                parts.append(session.run(names, feed))
        logits, *layers = (np.concatenate(each) for each in zip(*parts, strict=True))
        return logits, layers

    def explain(self, inputs: Floats, target: int) -> list[tuple[Floats, Floats]]:
        """Return (activation, d logit of ``target`` / d activation), each (1, C, side, side)."""
        tensors = [stage.tensor for stage in self.stages]
        names = [name for tensor in tensors for name in (tensor, f"gradient/{tensor}")]
        feed: Feed = {self.card.input.name: inputs, "target": np.array([target], np.int64)}
        session = self._open("explain")
        with self._running:
            found = dict(zip(names, session.run(names, feed), strict=True))
        return [(found[tensor], found[f"gradient/{tensor}"]) for tensor in tensors]

    def climb(self, stage: int, channel: int, inputs: Floats) -> tuple[float, Floats]:
        """Return a unit's mean before its activation, and its gradient by the picture (1, C, S, S).

        Before the activation, because after it a silent unit has no gradient that would wake it.
        Any side S will do: up to the unit the network is convolutions only.
        """
        session = self._open("unit", stage, inputs.shape[2])
        feed: Feed = {self.card.input.name: inputs, "target": np.array([channel], np.int64)}
        with self._running:
            score, gradient = session.run(["score", "gradient"], feed)
        return float(score[0]), gradient

    def _open(self, kind: str, stage: int = 0, side: int = 0) -> Session:
        key = (f"{kind}/{stage}", side)
        with self._opening:
            if key not in self._sessions:
                self._sessions[key] = self._create(kind, stage, side)
            return self._sessions[key]

    def _create(self, kind: str, stage: int, side: int) -> Session:
        from export.autodiff import differentiate

        from dashboard.inference.inner_graphs import MEAN, add_switches, end_at_mean, resize_input

        model, image = load_structure(self._path), self.card.input.name
        if kind == "look":
            add_switches(model, self.stages)
        elif kind == "explain":
            tensors = [each.tensor for each in self.stages]
            model = differentiate(model, image, wrt=tensors, folder=str(self._path.parent)).model
        else:
            end_at_mean(model, self.stages[stage].before, self.stages[stage].channels)
            resize_input(model, image, side)
            model = differentiate(model, image, score=MEAN, folder=str(self._path.parent)).model
        return create_session_of(model, self._path, self._threads, self._weights)
