"""A network of the zoo that runs: its prediction graph and its gradient graph on ONNX Runtime."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Lock, Semaphore
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard.inference.cards import (
    CARD_FILE,
    EXPLAIN_FILE,
    PREDICT_FILE,
    compute_sha256,
)
from dashboard.inference.model import (
    NO_VERSUS,
    BackwardRules,
    Explained,
    Floats,
    Ints,
    check_classes,
    check_inputs,
)
from dashboard.inference.preprocessing import compute_input_range
from dashboard.inference.providers import (
    CUDA,
    count_threads,
    describe_device,
    find_gpu,
)
from dashboard.inference.rule_graphs import build_rule_graph
from dashboard.inference.running import Session, create_session, create_session_of
from dashboard.inference.zoo import verify


@dataclass(frozen=True)
class Chunk:
    """How many inputs of 224 x 224 pixels run at once; fewer of larger ones."""

    on_cpu: int
    on_gpu: int


# Measured on two cores with EfficientNet-Lite0: larger chunks are no faster and only hold memory.
# Predicting 8 at once takes 80 MB, 32 take 320 MB; a gradient keeps every activation alive, so
# explaining 4 at once takes 320 MB, 16 take 710 MB. A GPU needs many inputs to be busy.
PREDICT_CHUNK = Chunk(on_cpu=8, on_gpu=64)
EXPLAIN_CHUNK = Chunk(on_cpu=4, on_gpu=32)
_CHUNK_PIXELS = 224 * 224

# More runs at once would only add up their memory: a run keeps all its threads busy.
MAX_RUNS = 2


ATTENTION = "attention"  # how the names of layers of attention matrices begin on the cards


class OnnxModel:
    """A model of the zoo, opened once for the whole process and shared by all threads.

    Opening checks the files against the card; each graph is loaded when it is first needed.
    ``threads`` is how many cores one run may use. ``weights`` take the place of weights of the
    same names in both graphs, see ``create_session``.

    Raises:
        ZooError: the card or a file cannot be used.
    """

    def __init__(
        self,
        folder: Path,
        *,
        threads: int | None = None,
        weights: Mapping[str, NDArray[Any]] | None = None,
    ) -> None:
        self._folder = folder
        self._weights = dict(weights or {})  # kept: the sessions read these arrays in place
        self.card = verify(folder)
        # What identifies the model: the card holds the sums of all its files.
        self.sha256 = compute_sha256(folder / CARD_FILE)
        self._threads = count_threads() if threads is None else threads
        self._sessions: dict[str, Session] = {}
        self._opening = Lock()
        self._running = Semaphore(MAX_RUNS)

    @property
    def provider(self) -> str:
        """Where the model runs, for the page: "CPU, 2 threads" or "GPU: ..."."""
        return describe_device(self._open(PREDICT_FILE).get_providers(), self._threads, find_gpu())

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """(C, H, W) of one preprocessed input."""
        spec = self.card.input
        return spec.channels, spec.size, spec.size

    @property
    def input_range(self) -> tuple[Floats, Floats]:
        """Preprocessed value of black and of white, each (C, 1, 1)."""
        return compute_input_range(self.card)

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the layers of places that ``explain`` returns; none without gradients.

        A Transformer's attention matrices are returned too, but have no place in the picture.
        """
        names = tuple(self.card.layers) if self.has_gradients else ()
        return tuple(name for name in names if not name.startswith(ATTENTION))

    @property
    def has_gradients(self) -> bool:
        """Whether the zoo holds a gradient graph for this model."""
        return EXPLAIN_FILE in self.card.files

    def predict(self, inputs: Floats) -> Floats:
        """Return the logits (N, K) of inputs (N, C, H, W), N >= 1.

        Raises:
            ValueError: the inputs have another shape.
            ZooError: the graph cannot be loaded.
        """
        feed = {self.card.input.name: check_inputs(inputs, self.input_shape)}
        session, names = self._open(PREDICT_FILE), [self.card.output.name]
        (logits,) = self._run(session, names, feed, PREDICT_CHUNK)
        return logits  # (N, K)

    def explain(self, inputs: Floats, target: Ints, versus: Ints | None = None) -> Explained:
        """Return logits, score and d score / d inputs of inputs (N, C, H, W), N >= 1.

        ``target`` (N,) are class indices, and so is ``versus``, where -1 stands for none.

        Raises:
            RuntimeError: the model has no gradient graph.
            ValueError: an argument has another shape, or a class index is out of range.
            ZooError: the graph cannot be loaded.
        """
        feed, layers = self._ask(inputs, target, versus), self.card.layers
        names = ["logits", "score", "gradient", *layers.values()]
        names += [f"gradient/{tensor}" for tensor in layers.values()]
        arrays = self._run(self._open(EXPLAIN_FILE), names, feed, EXPLAIN_CHUNK)
        results = dict(zip(names, arrays, strict=True))
        return Explained(
            logits=results["logits"],
            score=results["score"],
            gradient=results["gradient"],
            layers={k: (results[v], results[f"gradient/{v}"]) for k, v in layers.items()},
        )

    def propagate(
        self,
        rules: BackwardRules,
        inputs: Floats,
        target: Ints,
        versus: Ints | None = None,
        baseline: Floats | None = None,
    ) -> Floats:
        """Return the attributions (N, C, H, W) that a backward pass by other rules gives.

        ``baseline`` broadcasts to the inputs; only DeepLIFT reads it, and None is zero.

        Raises:
            RuntimeError: the model has no gradient graph.
            ValueError: an argument has another shape, or an operator has no such rule.
            ZooError: the graph cannot be loaded.
        """
        feed = self._ask(inputs, target, versus)
        if rules == "deeplift":
            blank = np.zeros(1, np.float32) if baseline is None else baseline
            feed["baseline"] = np.broadcast_to(blank, inputs.shape).astype(np.float32)
        session = self._open_rules(rules)
        (attributions,) = self._run(session, ["attributions"], feed, EXPLAIN_CHUNK)
        return attributions

    def _ask(self, inputs: Floats, target: Ints, versus: Ints | None) -> dict[str, Floats | Ints]:
        """Return the checked inputs of a graph that explains."""
        if not self.has_gradients:
            raise RuntimeError(f"The model {self.card.name} has no gradient graph.")
        feed: dict[str, Floats | Ints] = {
            self.card.input.name: check_inputs(inputs, self.input_shape)
        }
        count, n_classes = len(inputs), len(self.card.labels)
        feed["target"] = check_classes(target, count, n_classes)
        if versus is not None:
            feed["versus"] = check_classes(versus, count, n_classes, NO_VERSUS)
        return feed

    def _run(
        self, session: Session, names: list[str], feed: dict[str, Any], chunk: Chunk
    ) -> list[Floats]:
        """Return the outputs called ``names`` for the whole batch, computed chunk by chunk."""
        count = len(feed[self.card.input.name])
        on_gpu = CUDA in session.get_providers()
        step = self._count_at_once(chunk.on_gpu if on_gpu else chunk.on_cpu)
        parts = []
        for start in range(0, count, step):
            part = {name: values[start : start + step] for name, values in feed.items()}
            with self._running:
                parts.append(session.run(names, part))
        return [np.concatenate(outputs) for outputs in zip(*parts, strict=True)]

    def _count_at_once(self, at_224: int) -> int:
        pixels = max(self.card.input.size**2, _CHUNK_PIXELS)
        return max(1, at_224 * _CHUNK_PIXELS // pixels)

    def _open(self, file: str) -> Session:
        with self._opening:
            if file not in self._sessions:
                path = self._folder / file
                self._sessions[file] = create_session(path, self._threads, self._weights)
            return self._sessions[file]

    def _open_rules(self, rules: BackwardRules) -> Session:
        with self._opening:
            if rules not in self._sessions:
                path = self._folder / PREDICT_FILE
                sha256, score = self.card.files[PREDICT_FILE], self.card.output.name
                graph = build_rule_graph(path, sha256, rules, score)
                self._sessions[rules] = create_session_of(graph, path, self._threads, self._weights)
            return self._sessions[rules]
