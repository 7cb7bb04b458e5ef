"""How fast, and how large, next to Captum on torch: ``python -m export.benchmark``.

Every figure is a ratio of two things measured in turns in one run, because absolute times belong
to one machine and one hour. "torch" is eager mode on the same weights, "channels-last" the same in
torch's faster memory layout, "ONNX" what the page runs. A ratio of 2.0x means that ONNX takes half
the time. Times are CPU seconds of the whole process on one thread (``--threads 1``, which a busy
machine disturbs little), else wall seconds.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from captum.attr import IntegratedGradients, Occlusion, Saliency
from dashboard.attribution import get_method
from dashboard.attribution.base import Question
from dashboard.attribution.rise import create_masks
from dashboard.inference.model import Floats
from dashboard.inference.sessions import OnnxModel
from dashboard.params import compute_defaults
from models import MODELS
from torch import Tensor, nn

from export.sources import SOURCES
from export.to_onnx import ZOO

NAME = "efficientnet_lite0.imagenet"
TARGET = 285

Work = Callable[[], object]


@dataclass(frozen=True)
class Row:
    """One task by every engine that does it; ``bounds`` are what the project set out to reach."""

    task: str
    engines: Mapping[str, Work]
    bounds: Mapping[str, float]


def time_once(work: Work, threads: int) -> float:
    """Return seconds: CPU time on one thread, else wall time."""
    clock = time.process_time if threads == 1 else time.perf_counter
    start = clock()
    work()
    return clock() - start


def measure(row: Row, rounds: int, threads: int) -> dict[str, list[float]]:
    """Return each engine's times; the engines take turns, so that noise falls on all alike."""
    for work in row.engines.values():
        work()  # not counted: the first run allocates
    times: dict[str, list[float]] = {name: [] for name in row.engines}
    for _ in range(rounds):
        for name, work in row.engines.items():
            times[name].append(time_once(work, threads))
    return times


def describe(row: Row, times: Mapping[str, Sequence[float]]) -> str:
    """Return one line: the median ratio of every other engine to ONNX, and its bound."""
    parts = []
    for name, values in times.items():
        if name == "ONNX":
            continue
        ratio = statistics.median(a / b for a, b in zip(values, times["ONNX"], strict=True))
        bound = row.bounds.get(name)
        wanted = "" if bound is None else f" (wanted >= {bound}x)"
        parts.append(f"{name} {ratio:5.2f}x{wanted}")
    return f"{row.task:34s} {'   '.join(parts)}"


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
                return module(inputs)  # type: ignore[no-any-return]

        return work

    def ours(name: str) -> Work:
        method = get_method(name)
        return lambda: method.attribute(model, question, compute_defaults(method.params))

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
            "occlusion, 169 patches",
            engines(run_occlusion, "occlusion"),
            {"torch": 2.0, "channels-last": 1.3},
        ),
        Row("RISE, 1,000 masks", engines(run_rise, "rise"), {"torch": 2.0}),
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
            return Occlusion(module).attribute(
                inputs, (3, 32, 32), (3, 16, 16), 0.0, target=TARGET, perturbations_per_eval=32
            )

    return work


def run_rise(module: nn.Module, inputs: Tensor) -> Work:
    """Return the page's RISE with torch in place of ONNX Runtime (Captum has none)."""
    size = inputs.shape[2], inputs.shape[3]

    def work() -> Floats:
        total = np.zeros(size, np.float64)
        for masks in create_masks(1000, 7, 0.5, size, seed=0):
            with torch.no_grad():
                logits = module(inputs * torch.from_numpy(masks)[:, None])
            weights = logits.softmax(1)[:, TARGET].numpy()
            total += np.tensordot(weights, masks, 1)
        return total.astype(np.float32)

    return work


def print_gradient_cost(model: OnnxModel, rounds: int, threads: int) -> None:
    """Print how many predictions a gradient costs."""
    size = model.card.input.size
    noise = np.random.default_rng(0).normal(size=(8, 3, size, size)).astype(np.float32)
    for n in (1, 8):
        inputs, target = noise[:n], np.full(n, TARGET, np.int64)
        works: dict[str, Work] = {
            "gradient": lambda inputs=inputs, target=target: model.explain(inputs, target),  # type: ignore[misc]
            "ONNX": lambda inputs=inputs: model.predict(inputs),  # type: ignore[misc]
        }
        times = measure(Row("", works, {}), 3 * rounds, threads)
        ratio = statistics.median(
            a / b for a, b in zip(times["gradient"], times["ONNX"], strict=True)
        )
        print(
            f"{f'a gradient costs, batch {n}':34s} {ratio:.2f} predictions (wanted <= 4, aim 2.5)"
        )


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(prog="python -m export.benchmark", description=__doc__)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="", help="tasks whose name holds this text")
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    model = OnnxModel(ZOO / NAME, threads=options.threads)
    print(
        f"{model.card.title} on {model.provider}; {platform.machine()}, torch {torch.__version__}"
    )
    for row in list_rows(model, create_torch()):
        if options.only in row.task:
            print(describe(row, measure(row, options.rounds, options.threads)), flush=True)
    if options.only in "gradient":
        print_gradient_cost(model, options.rounds, options.threads)


if __name__ == "__main__":
    main()
