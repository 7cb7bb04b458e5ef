"""A Transformer and a recurrent network: their gradients inside ONNX beside torch's autograd."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import torch
from torch import Tensor, nn

from export.arrays import Floats
from export.autodiff import differentiate
from export.benchmark.timing import compare

BATCH = 32


class TinyViT(nn.Module):
    """A Vision Transformer (arXiv:2010.11929): 64 px, patches of 8, 6 layers of 192, 3 heads."""

    def __init__(self, dim: int = 192, depth: int = 6, heads: int = 3, side: int = 8) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, dim, 8, stride=8)
        self.positions = nn.Parameter(torch.randn(1, side * side, dim) * 0.02)
        self.blocks = nn.ModuleList(_Block(dim, heads) for _ in range(depth))
        self.norm = nn.LayerNorm(dim)
        self.head = nn.Linear(dim, 10)

    def forward(self, image: Tensor) -> Tensor:
        """(N, 3, 64, 64) -> logits (N, 10)."""
        x = self.patches(image).flatten(2).transpose(1, 2) + self.positions  # (N, T, dim)
        for block in self.blocks:
            x = block(x)
        logits: Tensor = self.head(self.norm(x).mean(1))
        return logits


class _Block(nn.Module):
    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.qkv, self.out = nn.Linear(dim, 3 * dim), nn.Linear(dim, dim)
        self.mlp = nn.Sequential(nn.Linear(dim, 4 * dim), nn.GELU(), nn.Linear(4 * dim, dim))

    def forward(self, x: Tensor) -> Tensor:
        n_tokens, dim = x.shape[1:]
        qkv = self.qkv(self.norm1(x)).reshape(-1, n_tokens, 3, self.heads, dim // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)  # (N, heads, T, d) each
        attention = (q @ k.transpose(-1, -2) * q.shape[-1] ** -0.5).softmax(-1)
        x = x + self.out((attention @ v).transpose(1, 2).reshape(-1, n_tokens, dim))
        mixed: Tensor = x + self.mlp(self.norm2(x))
        return mixed


class TinyLSTM(nn.Module):
    """Reads an image row by row: 28 steps of 28 pixels, 128 units."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(28, 128, batch_first=True)
        self.head = nn.Linear(128, 10)

    def forward(self, image: Tensor) -> Tensor:
        """(N, 28, 28) -> logits (N, 10)."""
        states, _ = self.lstm(image)  # (N, T, 128)
        logits: Tensor = self.head(states[:, -1])
        return logits


def export_network(network: nn.Module, shape: tuple[int, ...], folder: Path) -> onnx.ModelProto:
    """Return a network for inputs of (N, *shape) as ONNX, any batch size."""
    path = folder / "network.onnx"
    torch.onnx.export(
        network,
        (torch.zeros(2, *shape),),
        path,
        dynamo=True,
        external_data=False,
        input_names=["image"],
        output_names=["logits"],
        dynamic_shapes=({0: torch.export.Dim("N", min=1, max=4096)},),
        opset_version=18,
        verbose=False,
    )
    return onnx.load(path)


def export_explain(model: nn.Module, shape: tuple[int, ...]) -> tuple[onnx.ModelProto, float, int]:
    """Return the gradient graph, the seconds that differentiating took, and the nodes before it."""
    with tempfile.TemporaryDirectory() as folder:
        graph = export_network(model, shape, Path(folder))
    start = time.perf_counter()
    result = differentiate(graph)
    return result.model, time.perf_counter() - start, len(graph.graph.node)


def print_row(
    name: str, model: nn.Module, shape: tuple[int, ...], rounds: int, threads: int
) -> None:
    """Print the speed, agreement and size of one network's gradient graph."""
    explain, seconds, n_nodes = export_explain(model, shape)
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    session = ort.InferenceSession(
        explain.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    inputs = np.random.default_rng(0).normal(size=(BATCH, *shape)).astype(np.float32)
    target = np.zeros(BATCH, np.int64)
    tensor = torch.from_numpy(inputs)

    def by_onnx() -> Floats:
        (gradient,) = session.run(["gradient"], {"image": inputs, "target": target})
        return np.asarray(gradient)

    def by_torch() -> Tensor:
        leaf = tensor.clone().requires_grad_(True)
        return torch.autograd.grad(model(leaf)[:, 0].sum(), leaf)[0]

    expected = by_torch().numpy()
    distance = np.linalg.norm(by_onnx() - expected) / np.linalg.norm(expected)
    ratio = compare(by_torch, by_onnx, 3 * rounds, threads)
    speed = f"torch {ratio:5.2f}x (wanted >= 1.0x)"
    built = f"differentiated {n_nodes} nodes in {seconds:.2f} s"
    task = f"gradient of {name}, batch {BATCH}"
    print(f"{task:34s} {speed}; relative L2 {distance:.0e}; {built}", flush=True)


def print_table(threads: int, rounds: int, only: str) -> None:
    """Print the networks whose name holds ``only``."""
    torch.manual_seed(0)
    rows: dict[str, tuple[nn.Module, tuple[int, ...]]] = {
        "a ViT": (TinyViT(), (3, 64, 64)),
        "an LSTM": (TinyLSTM(), (28, 28)),
    }
    for name, (model, shape) in rows.items():
        if only in f"gradient of {name}":
            print_row(name, model.eval(), shape, rounds, threads)
