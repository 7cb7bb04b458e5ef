"""Measure what a clothing network's features are like: ``python -m export.make_features NAME``.

From the 60,000 training images: the classes' means and the inverse of their shared covariance
(Lee et al. 2018, arXiv 1807.03888) and a bank of features (Sun et al. 2022, arXiv 2204.06507). From
the 9,000 test images outside the shipped sample: the temperature that calibrates the network (Guo
et al. 2017, arXiv 1706.04599). Written to models/zoo/samples/features_NAME.npz.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
from numpy.typing import NDArray

from export.arrays import Doubles, Floats
from export.artifact import ZOO
from export.datasets.fashion_mnist import Images, load, normalize
from export.fid import find_features
from export.make_fashion_sample import EACH

BANK_EACH = 200  # features of a class in the bank
RIDGE = 1e-4  # of the mean variance, added to the covariance: dead channels have none
_CHUNK = 256


def compute(folder: Path, data: Images) -> tuple[str, Doubles, Doubles]:
    """Return the features' tensor, the logits (N, K) and the features (N, D) of images."""
    model = onnx.load(str(folder / "predict.onnx"), load_external_data=False)
    tensor = find_features(model.graph)
    model.graph.output.append(onnx.ValueInfoProto(name=tensor))
    options = ort.SessionOptions()
    options.add_session_config_entry(
        "session.model_external_initializers_file_folder_path", str(folder.resolve())
    )
    session = ort.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    parts = [
        session.run(["logits", tensor], {"image": normalize(data.pixels[start : start + _CHUNK])})
        for start in range(0, len(data), _CHUNK)
    ]
    logits, features = (
        np.concatenate(each).astype(np.float64) for each in zip(*parts, strict=True)
    )
    return tensor, logits, features.reshape(len(features), -1)


def fit_temperature(logits: Doubles, labels: NDArray[np.int64]) -> float:
    """Return the temperature of the least negative log-likelihood, on a fine grid of its log."""
    grid = np.exp(np.linspace(np.log(0.2), np.log(5), 401))

    def measure(temperature: float) -> float:
        scaled = logits / temperature
        top = scaled.max(axis=1)
        total = np.log(np.exp(scaled - top[:, None]).sum(axis=1)) + top
        return float((total - scaled[np.arange(len(labels)), labels]).mean())

    return float(grid[int(np.argmin([measure(value) for value in grid]))])


def describe_features(features: Doubles, labels: NDArray[np.int64]) -> dict[str, Floats]:
    """Return the means (K, D), the precision (D, D) and the bank (M, D) of training features."""
    count = int(labels.max()) + 1
    means = np.stack([features[labels == label].mean(axis=0) for label in range(count)])
    gaps = features - means[labels]
    covariance = gaps.T @ gaps / len(gaps)
    covariance += RIDGE * np.trace(covariance) / len(covariance) * np.eye(len(covariance))
    rows = np.concatenate([np.flatnonzero(labels == label)[:BANK_EACH] for label in range(count)])
    bank = features[rows] / np.linalg.norm(features[rows], axis=1, keepdims=True)
    return {
        "means": means.astype(np.float32),
        "precision": np.linalg.inv(covariance).astype(np.float32),
        "bank": bank.astype(np.float16),
    }


def main() -> None:
    """Write the file."""
    parser = argparse.ArgumentParser(prog="python -m export.make_features", description=__doc__)
    parser.add_argument("name", help="a Fashion-MNIST classifier of the zoo")
    name: str = parser.parse_args().name
    folder = ZOO / name
    train, test = load("train"), load("test")
    tensor, _, features = compute(folder, train)
    shown = np.concatenate([np.flatnonzero(test.labels == k)[:EACH] for k in range(10)])
    unseen = test.take(np.setdiff1d(np.arange(len(test)), shown))
    _, logits, _ = compute(folder, unseen)
    temperature = fit_temperature(logits, unseen.labels)
    files = json.loads((folder / "card.json").read_text(encoding="utf-8"))["files"]
    path = ZOO / "samples" / f"features_{name}.npz"
    described = describe_features(features, train.labels)
    np.savez_compressed(
        path,
        tensor=tensor,
        files=hashlib.sha256(
            f"{files['predict.onnx']} {files['weights.bin']}".encode()
        ).hexdigest(),
        temperature=temperature,
        n_fit=len(unseen),
        means=described["means"],
        precision=described["precision"],
        bank=described["bank"],
    )
    print(f"{path.name}: temperature {temperature:.3f}, {path.stat().st_size / 1000:.0f} KB")


if __name__ == "__main__":
    main()
