"""The bridge from ONNX Runtime to Captum: a score that torch can differentiate.

Captum asks autograd for d score / d inputs. Here the forward pass is one run of the model's
gradient graph, which returns score and gradient together; the backward pass hands the gradient
over. Captum's classes run on it unmodified, and what is explained is what runs.
Only methods import this module, when they compute: it brings torch.
"""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.autograd.function import FunctionCtx, once_differentiable

from dashboard.attribution.base import Progress, Question
from dashboard.attribution.score import compute_score
from dashboard.attribution.seeding import Draws
from dashboard.inference.model import Explained, Floats, Model

# Progress moves, and a stop is heard, after this many gradients.
_CHUNK = 8


class Score:
    """The score that a question is about, as a forward function for Captum.

    Called with inputs (N, C, H, W) it returns the scores (N,), differentiable with respect to the
    inputs. ``progress`` is told the fraction of the ``total`` inputs that the method will evaluate;
    it runs, like the model, while ``draws`` are paused, and what it raises passes through Captum.
    """

    def __init__(
        self,
        model: Model,
        question: Question,
        progress: Progress,
        total: int,
        draws: Draws | None = None,
    ) -> None:
        self.model = model
        self.question = question
        self._progress = progress
        self._total = max(total, 1)
        self._draws = draws or Draws(question.seed)
        self._n_done = 0

    def __call__(self, inputs: Tensor) -> Tensor:
        """Return the scores (N,) of inputs (N, C, H, W)."""
        if torch.is_grad_enabled() and inputs.requires_grad:
            return cast(Tensor, _Differentiable.apply(inputs, self))  # type: ignore[no-untyped-call]
        values = self.predict(to_numpy(inputs))
        return torch.from_numpy(values)

    def predict(self, inputs: Floats) -> Floats:
        """Return the scores (N,) without a gradient, by the cheaper prediction graph."""
        with self._draws.paused():
            logits = self.model.predict(inputs)
            self._count(len(inputs))
        return compute_score(logits, self.question)

    def explain(self, inputs: Floats) -> Explained:
        """Return one differentiated pass over inputs (N, C, H, W)."""
        parts = [
            self._explain_part(inputs[first : first + _CHUNK])
            for first in range(0, len(inputs), _CHUNK)
        ]
        return Explained(
            np.concatenate([part.logits for part in parts]),
            np.concatenate([part.score for part in parts]),
            np.concatenate([part.gradient for part in parts]),
            {
                name: (
                    np.concatenate([part.layers[name][0] for part in parts]),
                    np.concatenate([part.layers[name][1] for part in parts]),
                )
                for name in parts[0].layers
            },
        )

    def _explain_part(self, inputs: Floats) -> Explained:
        target = np.full(len(inputs), self.question.target, np.int64)
        versus = self.question.versus
        against = None if versus is None else np.full(len(inputs), versus, np.int64)
        with self._draws.paused():
            explained = self.model.explain(inputs, target, against)
            self._count(len(inputs))
        return explained

    def _count(self, n_inputs: int) -> None:
        self._n_done += n_inputs
        self._progress(min(self._n_done / self._total, 1.0))


class _Differentiable(torch.autograd.Function):
    """score(inputs), whose gradient ONNX Runtime has computed on the way."""

    @staticmethod
    def forward(ctx: Any, inputs: Tensor, score: Score) -> Tensor:
        explained = score.explain(to_numpy(inputs))
        ctx.save_for_backward(torch.from_numpy(explained.gradient))
        return torch.from_numpy(explained.score)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_output: Tensor) -> tuple[Tensor, None]:
        (gradient,) = ctx.saved_tensors  # (N, C, H, W)
        return grad_output.view(-1, 1, 1, 1) * gradient, None


class LayerScore(nn.Module):
    """The same score as a module whose ``layer`` can be hooked, for Captum's layer methods.

    The activation of the model's layer ``name`` comes from ONNX Runtime, passes through ``layer``
    (an identity), and is turned into the score with the gradient that came along.
    """

    def __init__(self, score: Score, name: str) -> None:
        super().__init__()
        self.layer = nn.Identity()
        self._score = score
        self._name = name

    def forward(self, inputs: Tensor) -> Tensor:
        """Return the scores (N,) of inputs (N, C, H, W)."""
        explained = self._score.explain(to_numpy(inputs))
        activation, gradient = explained.layers[self._name]  # (N, C', H', W') each
        emitted = self.layer(torch.from_numpy(activation).requires_grad_(True))
        score = _FromLayer.apply(  # type: ignore[no-untyped-call]
            emitted, torch.from_numpy(gradient), torch.from_numpy(explained.score)
        )
        return cast(Tensor, score)


class _FromLayer(torch.autograd.Function):
    """score(activation), whose gradient ONNX Runtime has computed already."""

    @staticmethod
    def forward(ctx: Any, activation: Tensor, gradient: Tensor, score: Tensor) -> Tensor:
        ctx.save_for_backward(gradient)
        return score.clone()

    @staticmethod
    @once_differentiable
    def backward(ctx: FunctionCtx, grad_output: Tensor) -> tuple[Tensor, None, None]:
        (gradient,) = ctx.saved_tensors  # type: ignore[attr-defined]  # (N, C', H', W')
        return grad_output.view(-1, 1, 1, 1) * gradient, None, None


def to_numpy(values: Tensor) -> Floats:
    """Return a tensor as a contiguous float32 array, without its graph."""
    return np.ascontiguousarray(values.detach().numpy(), dtype=np.float32)
