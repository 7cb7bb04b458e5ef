"""A network whose right answer is known: does a method find what it is known to use?

A linear model reads two small squares of the picture and nothing else. What each pixel adds to its
score is weight x brightness, exactly, so every method can be marked right or wrong (as Yang & Kim
2019, arXiv 1907.09701, do with networks trained to use known parts). Shuffling the weights of such
a model is the randomisation test with a known answer: a map that follows them must move too.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dashboard.attribution.base import Method, Question
from dashboard.attribution.params import Value, compute_defaults
from dashboard.inference.model import BackwardRules, Explained, Floats, Ints
from dashboard.limits.agreement import compute_rank_correlation
from dashboard.limits.maps import Report, report_nothing

SIDE = 28
_FOR, _AGAINST = (slice(7, 13), slice(7, 13)), (slice(15, 21), slice(15, 21))
_FINE = {"occlusion": {"window": 4, "stride": 2}}  # the usual patch is made for photos


class LinearModel:
    """Two classes: the score sum(weights x inputs) of brightness in [0, 1], and 0.

    ``weights`` is (1, H, W). Satisfies ``Model``; it has no layer.
    """

    layers: tuple[str, ...] = ()
    has_gradients = True

    def __init__(self, weights: Floats) -> None:
        self.weights = weights

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """(1, H, W)."""
        return 1, self.weights.shape[1], self.weights.shape[2]

    @property
    def input_range(self) -> tuple[Floats, Floats]:
        """Black is 0 and white is 1."""
        return np.zeros((1, 1, 1), np.float32), np.ones((1, 1, 1), np.float32)

    def predict(self, inputs: Floats) -> Floats:
        """Return the logits (N, 2)."""
        score = np.einsum("nchw,chw->n", inputs, self.weights, optimize=True)
        return np.stack([score, np.zeros_like(score)], axis=1).astype(np.float32)

    def explain(self, inputs: Floats, target: Ints, versus: Ints | None = None) -> Explained:
        """Return logits, score and gradient: the weights, less those of ``versus``."""
        logits = self.predict(inputs)
        score, sign = logits[np.arange(len(inputs)), target], (target == 0).astype(np.float32)
        if versus is not None:
            score = score - np.where(versus < 0, 0, logits[np.arange(len(inputs)), versus])
            sign = sign - (versus == 0)
        gradient = sign.reshape(-1, 1, 1, 1) * self.weights  # (N, 1, H, W)
        return Explained(logits, score.astype(np.float32), gradient.astype(np.float32))

    def propagate(
        self,
        rules: BackwardRules,
        inputs: Floats,
        target: Ints,
        versus: Ints | None = None,
        baseline: Floats | None = None,
    ) -> Floats:
        """Return what the rules come to where there is one layer, without activation or bias.

        Guided Backprop has no ReLU to guide; DeepLIFT and LRP give each pixel what it adds.
        """
        gradient = self.explain(inputs, target, versus).gradient
        if rules == "guided_backprop":
            return gradient
        away = inputs if rules == "lrp" or baseline is None else inputs - baseline
        return (away * gradient).astype(np.float32)


@dataclass(frozen=True)
class Mark:
    """How a method fared: ``heat`` (H, W) its map.

    ``correlation`` is that with what each pixel adds; ``inside`` the share of the map's strength
    that lies where the model looks, in [0, 1]; ``kept`` the correlation of its maps before and
    after the model's weights are shuffled. None where a map is flat.
    """

    method: Method
    heat: Floats
    correlation: float | None
    inside: float
    kept: float | None


def create_linear_model() -> LinearModel:
    """Return the model that reads one square for and one against, of equal size."""
    weights = np.zeros((1, SIDE, SIDE), np.float32)
    weights[(0, *_FOR)] = 0.1
    weights[(0, *_AGAINST)] = -0.05
    return LinearModel(weights)


def shuffle_model(model: LinearModel, seed: int = 0) -> LinearModel:
    """Return the same numbers at other places."""
    rng = np.random.default_rng(seed)
    return LinearModel(rng.permutation(model.weights.ravel()).reshape(model.weights.shape))


def compute_truth(model: LinearModel, inputs: Floats) -> Floats:
    """Return what each pixel of inputs (1, 1, H, W) adds to the score, (H, W)."""
    truth: Floats = (model.weights * inputs[0])[0]
    return truth


def mark_methods(
    inputs: Floats, methods: Sequence[Method], report: Report = report_nothing
) -> list[Mark]:
    """Return each method's mark on inputs (1, 1, SIDE, SIDE) in [0, 1]."""
    model = create_linear_model()
    other = shuffle_model(model)
    truth = compute_truth(model, inputs)
    marks = []
    for index, method in enumerate(methods):
        report(f"{method.label} on the linear model", index / len(methods))
        heat, after = (_draw(each, inputs, method) for each in (model, other))
        strength = np.abs(heat).astype(np.float64)
        inside = float(strength[model.weights[0] != 0].sum() / max(float(strength.sum()), 1e-12))
        marks.append(
            Mark(
                method,
                heat,
                _or_none(compute_rank_correlation(_match(truth, method), heat)),
                inside,
                _or_none(compute_rank_correlation(heat, after)),
            )
        )
    return marks


def _match(truth: Floats, method: Method) -> Floats:
    """Return what the method may be asked for: one without signs cannot tell for from against."""
    return truth if method.is_signed else np.abs(truth)


def _draw(model: LinearModel, inputs: Floats, method: Method) -> Floats:
    params: dict[str, Value] = {**compute_defaults(method.params), **_FINE.get(method.name, {})}
    if "fill" in params:
        params["fill"] = "black"  # what is added is counted from black, where brightness is 0
    return method.compute_heat(method.attribute(model, Question(inputs, 0), params))


def _or_none(value: float) -> float | None:
    return None if math.isnan(value) else value
