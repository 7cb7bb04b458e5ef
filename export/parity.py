"""Does what runs equal what was trained? Logits and gradients, torch against ONNX Runtime."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import nn

from export.arrays import Doubles, Floats
from export.card import GradientParity, Parity, Preprocessing
from export.graphs import Graph
from export.sessions import open_session

MAX_ABS_DIFF = 1e-4
# Gradients jump where a ReLU6 is about to switch, so two float32 runs differ by more than rounding:
# the bound is torch's own distance from its float64 gradient, with room for the next machine.
MAX_GRADIENT_DIFF = 2e-2
BATCH_SIZES = (1, 7)

PHOTOS = Path(__file__).resolve().parent.parent / "dashboard" / "samples"


class ParityError(Exception):
    """The exported graph does not compute what the torch module computes."""


def create_inputs(preprocessing: Preprocessing, size: int, channels: int = 3) -> Floats:
    """Return real photos and noise, preprocessed, (N, channels, size, size)."""
    photos = [_load(path, preprocessing, size, channels) for path in sorted(PHOTOS.glob("*.jpg"))]
    noise = np.random.default_rng(0).normal(size=(6, channels, size, size)).astype(np.float32)
    return np.concatenate([np.stack(photos), noise])


def _load(path: Path, preprocessing: Preprocessing, size: int, channels: int) -> Floats:
    image = Image.open(path).convert("RGB" if channels == 3 else "L")
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    square = image.crop((left, top, left + side, top + side))
    how = Image.Resampling[preprocessing.interpolation.upper()]
    pixels = np.asarray(square.resize((size, size), how), np.float32).reshape(size, size, channels)
    mean, std = (np.array(x, np.float32) for x in (preprocessing.mean, preprocessing.std))
    values: Floats = ((pixels - mean) / std).transpose(2, 0, 1)  # (channels, size, size)
    return values


def compare_graph(graph: Graph, path: Path) -> Parity:
    """Return the largest difference of any output on the graph's checks, run at each batch size.

    Raises:
        ParityError: it exceeds ``MAX_ABS_DIFF``.
    """
    session = open_session(path)
    names, count = list(graph.outputs), len(graph.checks[0])
    with torch.no_grad():
        outputs = graph.truth(*(torch.from_numpy(values) for values in graph.checks))
    expected = [outputs] if isinstance(outputs, torch.Tensor) else list(outputs)
    largest = 0.0
    for batch in BATCH_SIZES:
        for i in range(0, count, batch):
            part = [values[i : i + batch] for values in graph.checks]
            actual = session.run(names, dict(zip(graph.inputs, part, strict=True)))
            for ours, theirs in zip(actual, expected, strict=False):
                largest = max(largest, float(np.abs(ours - theirs[i : i + batch].numpy()).max()))
    if not largest <= MAX_ABS_DIFF:
        raise ParityError(
            f"outputs of torch and ONNX Runtime differ by {largest:.1e}, more than {MAX_ABS_DIFF}"
        )
    return Parity(largest, count, BATCH_SIZES)


def compare_graph_gradients(graph: Graph, score: str, explain: Path) -> GradientParity:
    """Return how far ONNX Runtime's and torch's float32 gradients are from torch's float64.

    Raises:
        ParityError: ONNX Runtime's is farther than ``MAX_GRADIENT_DIFF``.
    """
    session = open_session(explain)
    place = list(graph.outputs).index(score)
    inputs = [torch.from_numpy(values) for values in graph.checks]
    with torch.no_grad():
        target = _get(graph.truth(*inputs), place).argmax(1)
    feed = dict(zip(graph.inputs, graph.checks, strict=True))
    known = {each.name for each in session.get_inputs()}  # an input may not matter to the score
    feed = {name: values for name, values in feed.items() if name in known}
    ours = session.run(["gradient"], {**feed, "target": target.numpy()})[0]
    torch32 = _differentiate(graph.truth, inputs, place, target)
    module64 = copy.deepcopy(graph.truth).double()
    wide = [values.double() if values.is_floating_point() else values for values in inputs]
    torch64 = _differentiate(module64, wide, place, target)
    parity = GradientParity(_distance(ours, torch64), _distance(torch32, torch64), len(ours))
    if not parity.onnx <= MAX_GRADIENT_DIFF:
        raise ParityError(f"the gradient is {parity.onnx:.1e} from torch's in float64")
    return parity


def _differentiate(
    module: nn.Module, inputs: list[torch.Tensor], place: int, target: torch.Tensor
) -> Doubles:
    leaf = inputs[0].clone().requires_grad_(True)
    logits = _get(module(leaf, *inputs[1:]), place)
    score = logits[torch.arange(len(logits)), target].sum()
    (gradient,) = torch.autograd.grad(score, leaf)
    return gradient.double().numpy()


def _get(outputs: torch.Tensor | tuple[torch.Tensor, ...], place: int) -> torch.Tensor:
    return outputs if isinstance(outputs, torch.Tensor) else outputs[place]


def _distance(values: NDArray[Any], truth: Doubles) -> float:
    return float(np.linalg.norm(values - truth) / np.linalg.norm(truth))
