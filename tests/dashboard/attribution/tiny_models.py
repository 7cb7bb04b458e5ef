"""Networks small enough to differentiate by hand."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from dashboard.inference.model import BackwardRules, Explained, Floats, Ints
from export.autodiff.deploy import create_explainer
from tests.export.autodiff.tiny_graphs import open_session


@dataclass
class LinearModel:
    """logits[n, k] = sum(weights[k] * inputs[n]) + bias[k]; weights (K, C, H, W)."""

    weights: Floats
    bias: float = 0.5
    has_gradients: bool = True
    layers: tuple[str, ...] = ()
    calls: list[int] = field(default_factory=list)

    @property
    def input_shape(self) -> tuple[int, int, int]:
        _, channels, height, width = self.weights.shape
        return channels, height, width

    @property
    def input_range(self) -> tuple[Floats, Floats]:
        one = np.ones((self.input_shape[0], 1, 1), np.float32)
        return -one, one

    def predict(self, inputs: Floats) -> Floats:
        self.calls.append(len(inputs))
        return (np.tensordot(inputs, self.weights, ((1, 2, 3), (1, 2, 3))) + self.bias).astype(
            np.float32
        )

    def explain(
        self,
        inputs: Floats,
        target: Ints,
        versus: Ints | None = None,
    ) -> Explained:
        logits = self.predict(inputs)
        rows = np.arange(len(inputs))
        score, gradient = logits[rows, target], self.weights[target]
        if versus is not None:
            score, gradient = score - logits[rows, versus], gradient - self.weights[versus]
        return Explained(logits, score, gradient)

    def propagate(
        self,
        rules: BackwardRules,
        inputs: Floats,
        target: Ints,
        versus: Ints | None = None,
        baseline: Floats | None = None,
    ) -> Floats:
        """Without an activation there is nothing to guide, and a pixel adds weight x distance."""
        gradient = self.explain(inputs, target, versus).gradient
        if rules == "guided_backprop":
            return gradient
        return gradient * (inputs if rules == "lrp" or baseline is None else inputs - baseline)


@dataclass
class SquareModel(LinearModel):
    """logits[n, k] = sum(weights[k] * inputs[n] ** 2): its gradient depends on the input."""

    def predict(self, inputs: Floats) -> Floats:
        return super().predict(inputs**2)

    def explain(
        self,
        inputs: Floats,
        target: Ints,
        versus: Ints | None = None,
    ) -> Explained:
        linear = super().explain(inputs**2, target, versus)
        return Explained(linear.logits, linear.score, 2 * inputs * linear.gradient)


@dataclass
class CubeModel(LinearModel):
    """logits[n, k] = sum(weights[k] * |inputs[n]|^3): a path through zero has a kink."""

    def predict(self, inputs: Floats) -> Floats:
        return super().predict(np.abs(inputs) ** 3)

    def explain(
        self,
        inputs: Floats,
        target: Ints,
        versus: Ints | None = None,
    ) -> Explained:
        linear = super().explain(np.abs(inputs) ** 3, target, versus)
        slope = 3 * inputs * np.abs(inputs)
        return Explained(linear.logits, linear.score, slope * linear.gradient)


@dataclass
class TorchModel:
    """A torch module as a Model: ``module(inputs)`` gives logits, ``features`` is its layer.

    Rules other than the gradient's run on ``module.to_onnx()``.
    """

    module: Any  # an nn.Module with the two halves of its forward: features, classify
    input_shape: tuple[int, int, int]
    has_gradients: bool = True
    layers: tuple[str, ...] = ("features",)

    @property
    def input_range(self) -> tuple[Floats, Floats]:
        one = np.ones((self.input_shape[0], 1, 1), np.float32)
        return -one, one

    def predict(self, inputs: Floats) -> Floats:
        with torch.no_grad():
            logits: Floats = self.module(torch.from_numpy(inputs)).numpy()
        return logits

    def explain(
        self,
        inputs: Floats,
        target: Ints,
        versus: Ints | None = None,
    ) -> Explained:
        with torch.enable_grad():
            leaf = torch.from_numpy(inputs.copy()).requires_grad_(True)
            features = self.module.features(leaf)
            logits = self.module.classify(features)
            rows = torch.arange(len(inputs))
            score = logits[rows, torch.from_numpy(target)]
            if versus is not None:
                score = score - logits[rows, torch.from_numpy(versus)]
            by_image, by_layer = torch.autograd.grad(score.sum(), (leaf, features))
        return Explained(
            logits.detach().numpy(),
            score.detach().numpy(),
            by_image.numpy(),
            {"features": (features.detach().numpy(), by_layer.numpy())},
        )

    def propagate(
        self,
        rules: BackwardRules,
        inputs: Floats,
        target: Ints,
        versus: Ints | None = None,
        baseline: Floats | None = None,
    ) -> Floats:
        session = open_session(create_explainer(self.module.to_onnx(), rules).model)
        feeds = {"image": inputs, "target": target}
        feeds |= {} if versus is None else {"versus": versus}
        feeds |= {"baseline": baseline} if rules == "deeplift" and baseline is not None else {}
        attributions: Floats = session.run(["attributions"], feeds)[0]
        return attributions


def create_linear(
    seed: int = 0, kind: type[LinearModel] = LinearModel, shape: tuple[int, ...] = (3, 2, 16, 16)
) -> LinearModel:
    """Return a model of random weights (K, C, H, W)."""
    return kind(np.random.default_rng(seed).normal(size=shape).astype(np.float32))


def create_inputs(seed: int = 1, shape: tuple[int, ...] = (1, 2, 16, 16)) -> Floats:
    """Return inputs in [-1, 1]."""
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype(np.float32)
