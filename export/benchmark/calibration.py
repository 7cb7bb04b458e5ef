"""Calibration on all 10,000 test images, with no image measured that a temperature was fitted on.

Part of ``python -m export.benchmark.limits``; needs Fashion-MNIST.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec
import numpy as np
from dashboard.inference.cards import PREDICT_FILE, load_card
from dashboard.inference.model import Doubles, Floats, Ints
from dashboard.limits.calibration import (
    compute_confidence,
    compute_losses,
    estimate_spread,
    fit_across,
    measure_calibration,
)
from dashboard.limits.measured_calibration import FILE, Error, Estimate, MeasuredCalibration

from export.artifact import ZOO
from export.benchmark.readme import README, publish
from export.datasets.fashion_mnist import load
from export.train.fashion import predict

NETWORKS = {"cnn.fashion_mnist": "CNN", "vit.fashion_mnist": "ViT"}
PATH = ZOO / "samples" / FILE
START = "calibration error"  # of README's row
FOLDS = 10


def measure_all() -> dict[str, MeasuredCalibration]:
    """Return what is measured of each network on the test images.

    Raises:
        DatasetError: the data set is missing.
    """
    test = load("test")
    return {
        name: measure(
            predict(ZOO / name / PREDICT_FILE, test.pixels),
            test.labels,
            load_card(ZOO / name).files["weights.bin"],
        )
        for name in NETWORKS
    }


def measure(logits: Floats, labels: Ints, weights: str) -> MeasuredCalibration:
    """Return the calibration of logits (N, 10) against labels (N,), cross-fitted."""
    temperatures = fit_across(logits, labels, FOLDS)
    plain = logits.astype(np.float64)
    scaled = plain / temperatures[:, None]
    gains = compute_losses(plain, labels) - compute_losses(scaled, labels)
    return MeasuredCalibration(
        weights=weights,
        n=len(labels),
        folds=FOLDS,
        accuracy=float((logits.argmax(axis=1) == labels).mean()),
        temperature=float(temperatures.mean()),
        plain=_measure_error(plain, labels),
        scaled=_measure_error(scaled, labels),
        gain=_estimate(float(gains.mean()), float(gains.std(ddof=1)) / len(gains) ** 0.5),
    )


def _measure_error(logits: Doubles, labels: Ints) -> Error:
    found = measure_calibration(logits, labels)
    spread = estimate_spread(*compute_confidence(logits, labels))
    ece = _estimate(found.ece, spread)
    return Error(Estimate(ece.value, max(0.0, ece.low), ece.high), found.floor)


def _estimate(value: float, error: float) -> Estimate:
    return Estimate(value, value - 1.96 * error, value + 1.96 * error)


def tell_row(found: Mapping[str, MeasuredCalibration]) -> str:
    """Return README's row."""
    told = "; ".join(
        f"{NETWORKS[name]} {_tell(each.plain)}, {_tell(each.scaled)}"
        for name, each in found.items()
    )
    return (
        f"| {START}, before and after temperature scaling, on 10,000 test images none of which the "
        f"temperature was fitted on (in brackets: 95 % of perfectly calibrated networks) | {told} |"
    )


def _tell(error: Error) -> str:
    ece, floor = error.ece, error.floor
    told = f"{ece.value:.2%} ± {ece.high - ece.value:.2%} ({floor.low:.2%} to {floor.high:.2%})"
    return told.replace("%", " %")


def print_calibration(is_published: bool = False, path: Path = PATH, readme: Path = README) -> None:
    """Print the calibration errors; write them for the page and into README if wanted."""
    print("\nCalibration error on all test garments, cross-fitted, and of perfect networks (95 %)")
    found = measure_all()
    for name, each in found.items():
        print(f"  {name:20s} as it is {_tell(each.plain)}")
        print(f"  {name:20s} scaled   {_tell(each.scaled)}, temperature {each.temperature:.3f}")
        print(
            f"  {name:20s} scaling lowers the negative log-likelihood by {each.gain.value:.5f} "
            f"({each.gain.low:.5f} to {each.gain.high:.5f}) nats"
        )
    if is_published:
        path.write_bytes(msgspec.json.format(msgspec.json.encode(found)) + b"\n")
        publish(START, [tell_row(found)], readme)
