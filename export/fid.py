"""Frechet distance between two sets of images (FID: Heusel et al. 2017), in plain numpy.

Both sets are told as Gaussians in the feature space of a classifier: here the numbers that our own
classifiers of Fashion-MNIST read off before they decide (128 of the CNN, 64 of the ViT), not
Inception's, which has never seen such images. So these figures compare with each other, of one
classifier, and with no published FID. Fewer images give a larger distance, also between equal
distributions: compare at equal counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray

from export.arrays import Doubles, Floats
from export.datasets.fashion_mnist import MEAN, STD


@dataclass(frozen=True)
class Judgement:
    """What a classifier says of N images: ``classes`` (N,), ``features`` (N, D)."""

    classes: NDArray[np.int64]
    features: Doubles


def find_features(graph: onnx.GraphProto) -> str:
    """Return the tensor that the last matrix product, the classifier, reads."""
    makers = {name: node for node in graph.node for name in node.output}
    node = makers["logits"]
    while node.op_type not in ("Gemm", "MatMul"):
        node = makers[node.input[0]]
    return str(node.input[0])


class Judge:
    """An exported classifier, asked for its features beside its answer."""

    def __init__(self, path: Path) -> None:
        model = onnx.load(path)
        self._features = find_features(model.graph)
        model.graph.output.append(onnx.ValueInfoProto(name=self._features))
        self._session = onnxruntime.InferenceSession(
            model.SerializeToString(), providers=["CPUExecutionProvider"]
        )

    def judge(self, images: Floats) -> Judgement:
        """Judge images (N, 1, 28, 28) in [-1, 1]."""
        inputs = (((images + 1) / 2 - MEAN) / STD).astype(np.float32)
        parts: list[Any] = [
            self._session.run(["logits", self._features], {"image": inputs[i : i + 250]})
            for i in range(0, len(inputs), 250)
        ]
        classes = np.concatenate([logits.argmax(1) for logits, _ in parts])
        features = np.concatenate([values.reshape(len(values), -1) for _, values in parts])
        return Judgement(classes.astype(np.int64), features.astype(np.float64))


def compute_fid(one: Doubles, two: Doubles) -> float:
    """Return the squared Frechet distance of the Gaussians of features (N, d) and (M, d).

    |m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2)).
    """
    cov1, cov2 = (np.atleast_2d(np.cov(each, rowvar=False)) for each in (one, two))
    # (C1 C2)^(1/2) has the trace of the symmetric (R C2 R)^(1/2) with R = C1^(1/2).
    root = _take_root(cov1)
    mixed = np.sqrt(np.clip(np.linalg.eigvalsh(root @ cov2 @ root), 0, None)).sum()
    apart = one.mean(0) - two.mean(0)
    return float(apart @ apart + np.trace(cov1) + np.trace(cov2) - 2 * mixed)


def _take_root(matrix: Doubles) -> Doubles:
    """Return the square root of a symmetric positive matrix."""
    values, vectors = np.linalg.eigh(matrix)
    root: Doubles = (vectors * np.sqrt(np.clip(values, 0, None))) @ vectors.T
    return root


def resample_fid(
    one: Doubles, two: Doubles, times: int = 50, seed: int = 0
) -> tuple[float, float, float]:
    """Return the FID and a 95 % interval: half-samples of ``one``, scaled to its full size.

    Drawing with replacement would repeat images and add a bias of its own; halves drawn without
    vary as the whole would, around a mean that is shifted, so only their spread is used.
    """
    value, rng = compute_fid(one, two), np.random.default_rng(seed)
    halves = [
        compute_fid(one[rng.permutation(len(one))[: len(one) // 2]], two) for _ in range(times)
    ]
    # A half's scatter around the whole is that of the whole around the truth (m = n / 2).
    spread = 1.96 * float(np.std(halves))
    return value, max(0.0, value - spread), value + spread
