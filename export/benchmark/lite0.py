"""EfficientNet-Lite0: prediction and the page's methods beside torch and Captum."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from captum.attr import IntegratedGradients, Occlusion, Saliency
from dashboard.attribution import get_method
from dashboard.attribution.base import Question
from dashboard.attribution.params import compute_defaults
from dashboard.attribution.rise import create_masks
from dashboard.inference.model import Floats
from dashboard.inference.sessions import OnnxModel
from models import MODELS
from torch import Tensor, nn

from export.artifact import ZOO
from export.benchmark.timing import Row, Work, compare, describe, measure
from export.sources import SOURCES

NAME = "efficientnet_lite0.imagenet"
TARGET = 285
_MASKS = 1000


def create_torch() -> nn.Module:
    """Return the torch module of the benchmark's model with its weights."""
    model = MODELS[NAME]()
    model.load_state_dict(SOURCES[NAME].load_weights())
    return model.eval()


def list_rows(model: OnnxModel, eager: nn.Module) -> list[Row]:
    """Return every task with the engines that do it."""
    size = model.card.input.size
    noise = np.random.default_rng(0).normal(size=(8, 3, size, size)).astype(np.float32)
    last = create_torch().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    tensor = torch.from_numpy(noise)
    tensor_last = tensor.to(memory_format=torch.channels_last)
    question = Question(noise[:1], TARGET)

    def predict(module: nn.Module, inputs: Tensor) -> Work:
        def work() -> Tensor:
            with torch.no_grad():
                logits: Tensor = module(inputs)
                return logits

        return work

    def ours(name: str) -> Work:
        method = get_method(name)
        params = compute_defaults(method.params) | ({"n_masks": _MASKS} if name == "rise" else {})
        return lambda: method.attribute(model, question, params)

    def engines(captum: Callable[[nn.Module, Tensor], Work], name: str) -> dict[str, Work]:
        return {
            "torch": captum(eager, tensor[:1]),
            "channels-last": captum(last, tensor_last[:1]),
            "ONNX": ours(name),
        }

    def of_predict(n: int) -> dict[str, Work]:
        return {
            "torch": predict(eager, tensor[:n]),
            "channels-last": predict(last, tensor_last[:n]),
            "ONNX": lambda: model.predict(noise[:n]),
        }

    fast = {"torch": 3.0, "channels-last": 1.8}
    return [
        Row("predict, batch 1", of_predict(1), fast),
        Row("predict, batch 8", of_predict(8), fast),
        Row("saliency", engines(run_saliency, "saliency"), {"torch": 1.5}),
        Row(
            "integrated gradients, 50 steps",
            engines(run_integrated_gradients, "integrated_gradients"),
            {"torch": 1.5, "channels-last": 1.3},
        ),
        Row(
            "occlusion, 225 patches",
            engines(run_occlusion, "occlusion"),
            {"torch": 2.0, "channels-last": 1.3},
        ),
        Row(f"RISE, {_MASKS:,} masks", engines(run_rise, "rise"), {"torch": 2.0}),
    ]


def run_saliency(module: nn.Module, inputs: Tensor) -> Work:
    """Return Captum's own saliency on a torch module."""
    return lambda: Saliency(module).attribute(inputs.clone().requires_grad_(True), target=TARGET)


def run_integrated_gradients(module: nn.Module, inputs: Tensor) -> Work:
    """Return Captum's own integrated gradients, with the page's steps and chunks."""
    return lambda: IntegratedGradients(module).attribute(
        inputs, torch.zeros_like(inputs), target=TARGET, n_steps=50, internal_batch_size=8
    )


def run_occlusion(module: nn.Module, inputs: Tensor) -> Work:
    """Return Captum's own occlusion, with the page's patches and chunks."""

    def work() -> Tensor:
        with torch.no_grad():
            maps: Tensor = Occlusion(module).attribute(
                inputs, (3, 28, 28), (3, 14, 14), 0.0, target=TARGET, perturbations_per_eval=32
            )
            return maps

    return work


def run_rise(module: nn.Module, inputs: Tensor) -> Work:
    """Return the page's RISE with torch in place of ONNX Runtime (Captum has none)."""
    size = inputs.shape[2], inputs.shape[3]

    def work() -> Floats:
        total = np.zeros(size, np.float64)
        for masks in create_masks(_MASKS, 7, 0.5, size, seed=0):
            with torch.no_grad():
                logits = module(inputs * torch.from_numpy(masks)[:, None])
            weights = logits.softmax(1)[:, TARGET].numpy()
            total += np.tensordot(weights, masks, 1)
        return total.astype(np.float32)

    return work


def print_table(threads: int, rounds: int, only: str) -> None:
    """Print every task whose name holds ``only``, and what a gradient costs."""
    model = OnnxModel(ZOO / NAME, threads=threads)
    print(f"{model.card.title} on {model.provider}; torch {torch.__version__}")
    for row in list_rows(model, create_torch()):
        if only in row.task:
            print(describe(row, measure(row, rounds, threads)), flush=True)
    if only in "gradient":
        for n in (1, 8):
            print_gradient_cost(model, n, rounds, threads)


def print_gradient_cost(model: OnnxModel, n: int, rounds: int, threads: int) -> None:
    """Print how many predictions the gradient of ``n`` inputs costs."""
    noise = np.random.default_rng(0).normal(size=(n, *model.input_shape)).astype(np.float32)
    target = np.full(n, TARGET, np.int64)
    ratio = compare(
        lambda: model.explain(noise, target), lambda: model.predict(noise), 3 * rounds, threads
    )
    print(f"{f'a gradient costs, batch {n}':34s} {ratio:.2f} predictions (bound 4, aim 2.5)")
