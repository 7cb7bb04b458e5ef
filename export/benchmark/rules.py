"""Rule tables beside Captum and zennit: ``python -m export.benchmark.rules --zennit PYTHON``.

Guided Backprop and DeepLIFT are held against Captum 0.9, LRP against zennit 0.5.1 (EpsilonPlus,
batch norms merged), on networks of plain ReLUs, where all of them mean the same. zennit lives in an
environment of its own, since it pulls torchvision, which it does not need for this:

    python3.11 -m venv zennit-env && zennit-env/bin/pip install torch==2.13.0 numpy
    zennit-env/bin/pip install --no-deps zennit==0.5.1

What is printed is the relative L2 distance, the worst of eight images, in float32 and in float64.
"""

from __future__ import annotations

import argparse
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import captum.attr
import numpy as np
import onnx
import onnxruntime as ort
import torch
from torch import Tensor, nn

from export.arrays import Floats
from export.autodiff.deploy import create_explainer
from export.autodiff.interpreter import Interpreter
from export.benchmark.gradients import export_network
from export.benchmark.rule_networks import CLASSES, NETWORKS, SHAPE, create_images, create_network
from export.benchmark.side import Side

N_IMAGES = 8
BASELINE = 0.25

# What runs in zennit's environment: a network's name in, the relevance of the images out.
SIDE = """
import sys, types
stand_in = types.ModuleType("torchvision")
stand_in.models = types.ModuleType("torchvision.models")
stand_in.models.resnet = types.ModuleType("torchvision.models.resnet")
for name in ("BasicBlock", "Bottleneck"):
    setattr(stand_in.models.resnet, name, type(name, (), {}))
stand_in.models.vgg = types.ModuleType("torchvision.models.vgg")
for name in ("", ".models", ".models.resnet", ".models.vgg"):
    part = stand_in
    for piece in name.split(".")[1:]:
        part = getattr(part, piece)
    sys.modules["torchvision" + name] = part
import numpy as np, torch
from zennit.attribution import Gradient
from zennit.canonizers import SequentialMergeBatchNorm
from zennit.composites import EpsilonPlus
from zennit.layer import Sum
from export.benchmark.gradients import export_network
from export.benchmark.rule_networks import CLASSES, Residual, create_images, create_network
class Stacked(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.sum = Sum()
    def forward(self, left, right):
        return self.sum(torch.stack([left, right], -1))
for line in sys.stdin:
    name, path, count, kind = line.split()
    network, images = create_network(name), create_images(int(count))
    for block in network.modules():
        if isinstance(block, Residual):
            block.sum = Stacked()
    if kind == "double":
        network, images = network.double(), images.double()
    target = torch.arange(len(images)) % CLASSES
    composite = EpsilonPlus(canonizers=[SequentialMergeBatchNorm()])
    start = lambda logits: torch.eye(CLASSES, dtype=logits.dtype)[target] * logits
    with Gradient(network, composite, attr_output=start) as attributor:
        _, relevance = attributor(images)
    np.save(path, relevance.detach().numpy())
    print("RESULT", 0, flush=True)
"""


def explain_in_onnx(model: onnx.ModelProto, method: str, images: Floats, is_double: bool) -> Floats:
    """Return our attributions; in float64 they are interpreted, in float32 ONNX Runtime runs."""
    graph = create_explainer(model, method).model
    feed: dict[str, Any] = {"image": images, "target": np.arange(len(images)) % CLASSES}
    if method == "deeplift":
        feed["baseline"] = np.full((1, 1, 1, 1), BASELINE, images.dtype)
    if is_double:
        found = Interpreter(graph, ["attributions"]).run(feed)["attributions"]
    else:
        options = ort.SessionOptions()
        options.log_severity_level = 3
        session = ort.InferenceSession(graph.SerializeToString(), options)
        (found,) = session.run(["attributions"], feed)
    return np.asarray(found)


def explain_by_captum(network: nn.Module, method: str, images: Tensor) -> Floats:
    """Return Captum's attributions."""
    target = torch.arange(len(images)) % CLASSES
    if method == "guided_backprop":
        found = captum.attr.GuidedBackprop(network).attribute(images, target=target)
    else:
        blank = torch.full_like(images, BASELINE)
        found = captum.attr.DeepLift(network).attribute(images, blank, target=target)
    return np.asarray(found.detach().numpy())


def compute_worst(ours: Floats, theirs: Floats) -> float:
    """Return the largest relative L2 distance of an image's map."""
    pairs = zip(ours, theirs, strict=True)
    return max(float(np.linalg.norm(a - b) / np.linalg.norm(b)) for a, b in pairs)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print one line a network and method."""
    parser = argparse.ArgumentParser(prog="python -m export.benchmark.rules", description=__doc__)
    parser.add_argument("--zennit", type=Path, required=True, help="its environment's python")
    options = parser.parse_args(arguments)
    warnings.filterwarnings("ignore")
    print("network | method | beside | float32 | float64")
    with tempfile.TemporaryDirectory() as work, Side(options.zennit, SIDE) as peer:
        for name in NETWORKS:
            model = export_network(create_network(name), SHAPE, Path(work))
            for method, other in (
                ("guided_backprop", "Captum"),
                ("deeplift", "Captum"),
                ("lrp", "zennit"),
            ):
                worst = []
                for kind in ("single", "double"):
                    images = create_images(N_IMAGES)
                    network = create_network(name)
                    if kind == "double":
                        images, network = images.double(), network.double()
                    ours = explain_in_onnx(model, method, images.numpy(), kind == "double")
                    if other == "zennit":
                        path = Path(work) / "relevance.npy"
                        peer.ask(f"{name} {path} {N_IMAGES} {kind}")
                        theirs = np.load(path)
                    else:
                        theirs = explain_by_captum(network, method, images)
                    worst.append(compute_worst(ours, theirs))
                print(f"{name} | {method} | {other} | {worst[0]:.1e} | {worst[1]:.1e}", flush=True)


if __name__ == "__main__":
    main()
