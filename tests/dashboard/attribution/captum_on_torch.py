"""The other way to the same answer: Captum, as its manual shows it, on the torch module itself.

Nothing of the bridge is used here: torch runs forward and backward, and the seeds are torch's and
numpy's own. It is more evidence for the methods that Captum has; a method needs no twin here to
keep its contract (test_contract.py).
"""

from collections.abc import Callable, Mapping

import captum.attr
import numpy as np
import torch
from torch import Tensor, nn

from dashboard.attribution.base import Question
from dashboard.attribution.fill import FILLS, create_fill
from dashboard.attribution.params import Params
from dashboard.inference.model import Floats, Model


class ScoreOnTorch(nn.Module):
    """score (N,) of inputs (N, C, H, W): the target's logit, less that of ``versus``.

    Computed in the precision of the module: a float64 one gives the truth that float32 rounds.
    """

    def __init__(self, module: nn.Module, question: Question) -> None:
        super().__init__()
        self.module = module
        self.question = question

    def forward(self, inputs: Tensor) -> Tensor:
        logits: Tensor = self.module(inputs.to(next(self.module.parameters()).dtype))
        if self.question.versus is None:
            return logits[:, self.question.target]
        return logits[:, self.question.target] - logits[:, self.question.versus]


def _saliency(score: ScoreOnTorch, x: Tensor, model: Model, params: Params) -> Tensor:
    result: Tensor = captum.attr.Saliency(score).attribute(x)
    return result


def _input_x_gradient(score: ScoreOnTorch, x: Tensor, model: Model, params: Params) -> Tensor:
    result: Tensor = captum.attr.InputXGradient(score).attribute(x)
    return result


def _integrated_gradients(score: ScoreOnTorch, x: Tensor, model: Model, params: Params) -> Tensor:
    blank = torch.from_numpy(create_fill(model, score.question.inputs, str(params["fill"])))
    result: Tensor = captum.attr.IntegratedGradients(score).attribute(
        x, blank, n_steps=int(params["n_steps"]), internal_batch_size=8
    )
    return result


def _smoothgrad(score: ScoreOnTorch, x: Tensor, model: Model, params: Params) -> Tensor:
    black, white = model.input_range
    result: Tensor = captum.attr.NoiseTunnel(captum.attr.Saliency(score)).attribute(
        x,
        nt_type="smoothgrad",
        nt_samples=int(params["n_samples"]),
        nt_samples_batch_size=min(8, int(params["n_samples"])),
        stdevs=float(params["noise"]) * float((white - black).mean()),
        abs=False,
    )
    return result.abs()


def _gradient_shap(score: ScoreOnTorch, x: Tensor, model: Model, params: Params) -> Tensor:
    black, white = model.input_range
    blanks = [create_fill(model, score.question.inputs, name) for name in FILLS]
    total, left = torch.zeros_like(x), int(params["n_samples"])
    while left:  # in groups of eight, as the page does to bound its memory
        n = min(8, left)
        total = total + n * captum.attr.GradientShap(score).attribute(
            x,
            torch.from_numpy(np.concatenate(blanks)),
            n_samples=n,
            stdevs=float(params["noise"]) * float((white - black).mean()),
        )
        left -= n
    return total / int(params["n_samples"])


_METHODS: Mapping[str, Callable[[ScoreOnTorch, Tensor, Model, Params], Tensor]] = {
    "saliency": _saliency,
    "input_x_gradient": _input_x_gradient,
    "integrated_gradients": _integrated_gradients,
    "smoothgrad": _smoothgrad,
    "gradient_shap": _gradient_shap,
}

NAMES = (*_METHODS, "grad_cam")


def attribute_on_torch(
    name: str, module: nn.Module, layer: nn.Module, model: Model, question: Question, params: Params
) -> Floats:
    """Return Captum's attributions; ``layer`` is the submodule of ``module`` for Grad-CAM."""
    score = ScoreOnTorch(module, question)
    inputs = torch.from_numpy(question.inputs.copy()).requires_grad_(True)
    torch.manual_seed(question.seed)
    np.random.seed(question.seed)
    if name == "grad_cam":
        coarse = captum.attr.LayerGradCam(score, layer).attribute(inputs, relu_attributions=True)
        size = question.inputs.shape[2:]
        result = captum.attr.LayerAttribution.interpolate(coarse, size, "bilinear")
    else:
        result = _METHODS[name](score, inputs, model, params)
    values: Floats = result.detach().numpy()
    return values


def compute_distance(values: Floats, truth: Floats) -> float:
    """Return the relative L2 distance of ``values`` from ``truth``."""
    return float(np.linalg.norm(values - truth) / np.linalg.norm(truth))
