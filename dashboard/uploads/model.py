"""An uploaded network that runs: a ``Model`` whose graphs live in the sandbox."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from dashboard.inference.counts import tell_count
from dashboard.inference.model import (
    NO_VERSUS,
    BackwardRules,
    Explained,
    Floats,
    Ints,
    check_classes,
    check_inputs,
)
from dashboard.inference.probability import compute_probabilities
from dashboard.uploads.file import (
    DIFFERENTIATE_TIMES,
    PREDICT_CHUNK,
    UploadedFile,
    check_arrays,
    count_at_once,
)
from dashboard.uploads.inspection import GradientFacts, parse_gradient_facts
from dashboard.uploads.sandbox_wire import UploadError, UploadStopped
from dashboard.uploads.spec import InputSpec, OutputSpec, Pixels

# A gradient keeps every activation alive: fewer inputs at once than for a prediction.
EXPLAIN_CHUNK = 4

_MAX_REPLY = 1 << 29
_SAME_PROBABILITY = 1e-2


class UploadedModel:
    """An uploaded network with all that was detected or set by hand: a ``Model``.

    Building it tries to differentiate the network; where that fails everything else still works,
    and ``missing_operator`` says why. ``photos`` (H, W, 3) are what the gradient graph is checked
    on: its predictions must be those of the network.

    Raises:
        UploadError: the network does not run like this.
    """

    def __init__(
        self,
        file: UploadedFile,
        spec: InputSpec,
        output: OutputSpec,
        photos: Sequence[Pixels],
    ) -> None:
        self.file = file
        self.spec = spec
        self.output = output
        self._gradients = GradientFacts(reason="Gradients were not tried yet.")
        self._rules: dict[BackwardRules, GradientFacts] = {}  # those that were asked for
        file.open()
        inputs = spec.normalize(np.stack([spec.crop_view(photo) for photo in photos]))
        expected = self.predict(inputs)
        self._gradients = self._differentiate()
        if not self._gradients.reason and not self._agrees(inputs, expected):
            self._gradients = GradientFacts(
                reason="The gradient graph predicts something else than the network does."
            )

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """(C, H, W) of one preprocessed input."""
        return self.spec.shape

    @property
    def input_range(self) -> tuple[Floats, Floats]:
        """Preprocessed value of black and of white, each (C, 1, 1)."""
        return self.spec.compute_range()

    @property
    def layers(self) -> tuple[str, ...]:
        """The convolutional activation for Grad-CAM, if there is one."""
        return (self._gradients.layer,) if self._gradients.layer else ()

    @property
    def has_gradients(self) -> bool:
        """Whether ``explain`` works."""
        return not self._gradients.reason

    @property
    def missing_operator(self) -> str | None:
        """Why there are no gradients, in one sentence, or None where there are."""
        return self._gradients.reason or None

    @property
    def provider(self) -> str:
        """Where it runs, for the page."""
        n_threads = self.file.sandbox.limits.threads
        return f"CPU, {tell_count(n_threads, 'thread')}, in a sandbox"

    @property
    def key(self) -> str:
        """What identifies the model: the file and how it is used."""
        return f"{self.file.sha256} {self.spec} {self.output}"

    def predict(self, inputs: Floats) -> Floats:
        """Return the logits (N, K) of inputs (N, C, H, W), N >= 1.

        Raises:
            ValueError: the inputs have another shape.
            UploadError: the network fails on them (it is a ValueError).
        """
        inputs = check_inputs(inputs, self.input_shape)
        if not self.has_gradients:
            (raw,) = self.file.run(self.spec, inputs, [self.output.name])
            flat = self._check_scores(raw.reshape(len(raw), -1))
            return self.output.spread(self.output.compute_logits(flat))
        (logits,) = self._run("logits", ["logits"], [inputs], PREDICT_CHUNK)
        return self.output.spread(self._check_scores(logits))

    def explain(self, inputs: Floats, target: Ints, versus: Ints | None = None) -> Explained:
        """Return logits, score and d score / d inputs of inputs (N, C, H, W), N >= 1.

        ``target`` (N,) are class indices, and so is ``versus``, where -1 stands for none.

        Raises:
            RuntimeError: the model has no gradients.
            ValueError: an argument has another shape, or a class index is out of range.
            UploadError: the network fails on them (it is a ValueError).
        """
        inputs, chosen, against = self._ask(inputs, target, versus)
        if self.output.n_columns > 1:
            return self._explain(inputs, chosen, against)
        # One number z stands for (-z/2, z/2): differentiate z, and scale.
        count = len(inputs)
        plain = self._explain(inputs, np.zeros(count, np.int64), np.full(count, NO_VERSUS))
        return _scale(plain, _get_sign(chosen) - _get_sign(against))

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
            RuntimeError: the model has no gradients.
            ValueError: an argument has another shape, or a class index is out of range.
            UploadError: the rules do not cover the network, or it fails (it is a ValueError).
        """
        inputs, *classes = self._ask(inputs, target, versus)
        feeds: list[Floats | Ints] = [inputs, *classes]
        if rules == "deeplift":
            blank = np.zeros(1, np.float32) if baseline is None else baseline
            feeds.append(np.broadcast_to(blank, inputs.shape).astype(np.float32))
        self._open_rules(rules)
        (found,) = self._run(rules, ["attributions"], feeds, EXPLAIN_CHUNK)
        attributions = self.spec.from_graph(found)
        if attributions.shape != inputs.shape:
            raise UploadError("The attributions have another shape than the image.")
        return attributions

    def _ask(self, inputs: Floats, target: Ints, versus: Ints | None) -> tuple[Floats, Ints, Ints]:
        """Return checked inputs, targets, and the classes against them (-1 for none)."""
        if not self.has_gradients:
            raise RuntimeError(f"This model has no gradients. {self.missing_operator}")
        inputs = check_inputs(inputs, self.input_shape)
        count, n_classes = len(inputs), self.output.n_classes
        chosen = check_classes(target, count, n_classes)
        none = np.full(count, NO_VERSUS, np.int64)
        against = none if versus is None else check_classes(versus, count, n_classes, NO_VERSUS)
        return inputs, chosen, against

    def _open_rules(self, rules: BackwardRules) -> None:
        """Let the sandbox make the graph; raises UploadError with the reason where it cannot."""
        if rules not in self._rules:
            request = {"do": "propagate", "rules": rules, "columns": self.output.n_columns}
            reply = self.file.ask({**self._describe(), **request}, DIFFERENTIATE_TIMES)
            self._rules[rules] = parse_gradient_facts(reply)
        if self._rules[rules].reason:
            raise UploadError(self._rules[rules].reason)

    def _explain(self, inputs: Floats, target: Ints, versus: Ints) -> Explained:
        names = ["logits", "score", "gradient"]
        names += [each for layer in self.layers for each in (layer, f"gradient/{layer}")]
        arrays = self._run("explain", names, [inputs, target, versus], EXPLAIN_CHUNK)
        logits, score, gradient, *layers = arrays
        gradient = self.spec.from_graph(gradient)
        shape = (len(inputs), *self._gradients.layer_shape)
        if score.shape != (len(inputs),) or gradient.shape != inputs.shape:
            raise UploadError("The gradient has another shape than the image.")
        if any(each.shape != shape for each in layers):
            raise UploadError("The layer for Grad-CAM has another shape than it had.")
        if not all(np.isfinite(each).all() for each in (score, gradient, *layers)):
            raise UploadError(
                "The network's gradient is not finite: it has NaN or infinite values."
            )
        return Explained(
            logits=self.output.spread(self._check_scores(logits)),
            score=score,
            gradient=gradient,
            layers=dict.fromkeys(self.layers, (layers[0], layers[1])) if layers else {},
        )

    def _differentiate(self) -> GradientFacts:
        request = {"do": "differentiate", **self._describe()}
        try:
            return parse_gradient_facts(self.file.ask(request, DIFFERENTIATE_TIMES))
        except UploadError as error:
            # Whatever stands in the way of gradients, predictions need none.
            return GradientFacts(reason=f"Its gradient graph could not be made. {error}")

    def _describe(self) -> dict[str, Any]:
        """Return what the sandbox must know to differentiate the scores."""
        return {
            "image": self.spec.name,
            "shape": list(self.spec.graph_shape),
            "output": self.output.name,
            "kind": self.output.kind,
        }

    def _agrees(self, inputs: Floats, expected: Floats) -> bool:
        """Return whether the gradient graph's predictions are the network's, alone and together."""
        try:
            together = self.predict(inputs)
            alone = np.concatenate([self.predict(each[np.newaxis]) for each in inputs[:2]])
        except UploadStopped:
            raise
        except UploadError:
            return False
        probs = compute_probabilities(expected)
        distances = [
            np.abs(compute_probabilities(found) - probs[: len(found)]).max()
            for found in (together, alone)
        ]
        return bool(max(distances) < _SAME_PROBABILITY)

    def _run(
        self, graph: str, names: Sequence[str], feeds: Sequence[Floats | Ints], at_224: int
    ) -> list[Floats]:
        header = {"do": "run", "graph": graph, "outputs": list(names)}
        header["inputs"] = [self.spec.name, "target", "versus", "baseline"][: len(feeds)]
        count, at_once = len(feeds[0]), count_at_once(self.spec, at_224)
        parts = []
        for start in range(0, count, at_once):
            chunk = [self._to_graph(feed[start : start + at_once]) for feed in feeds]
            reply = self.file.sandbox.call(header, chunk, max_reply=_MAX_REPLY)
            parts.append(check_arrays(reply, len(names), len(chunk[0])))
        return [np.concatenate(outputs) for outputs in zip(*parts, strict=True)]

    def _to_graph(self, feed: Floats | Ints) -> Floats | Ints:
        """Return images as the graph takes them, and class indices as they are."""
        is_image = feed.ndim > 1
        return self.spec.to_graph(feed.astype(np.float32, copy=False)) if is_image else feed

    def _check_scores(self, scores: Floats) -> Floats:
        if scores.ndim != 2 or scores.shape[1] != self.output.n_columns:
            raise UploadError("The network gives another number of classes than it did.")
        if not np.isfinite(scores).all():
            raise UploadError(
                "The network gives values that are not finite (NaN or infinity) for this image: "
                "check how its pixels are normalized."
            )
        return scores


def _get_sign(classes: Ints) -> Floats:
    # The logit of class 0 is -z/2, that of class 1 is z/2, and -1 stands for no class.
    signs: Floats = np.array([-0.5, 0.5, 0.0], np.float32)[classes]
    return signs


def _scale(explained: Explained, factors: Floats) -> Explained:
    """Return a differentiated pass whose score is ``factors`` (N,) times that one."""
    across = factors[:, np.newaxis, np.newaxis, np.newaxis]  # (N, 1, 1, 1)
    return Explained(
        logits=explained.logits,
        score=explained.score * factors,
        gradient=explained.gradient * across,
        layers={k: (value, slope * across) for k, (value, slope) in explained.layers.items()},
    )
