"""The committed recall networks still do what their cards say."""

import json
from pathlib import Path

import numpy as np
import pytest

from export.artifact import ZOO
from export.datasets.recall import create_sequences
from export.sessions import open_session
from export.train.recall import evaluate

NAMES = ("rnn.recall", "lstm.recall", "transformer.recall")


@pytest.mark.parametrize("name", NAMES)
def test_the_artifact_recalls_as_its_card_says(name: str) -> None:
    card = json.loads((ZOO / name / "card.json").read_text())
    even = {f"lag/{lag}": each for lag, each in card["details"]["even"]["accuracy"].items()}
    for file, told in (("predict.onnx", card["metrics"]), ("even.onnx", even)):
        for lag, metric in evaluate(ZOO / name / file, 100).items():
            assert metric.low <= told[lag]["high"]
            assert metric.high >= told[lag]["low"]


@pytest.mark.parametrize("name", NAMES)
def test_the_gradient_points_at_the_first_symbol(name: str) -> None:
    folder: Path = ZOO / name
    details = json.loads((folder / "card.json").read_text())["details"]
    data = create_sequences(8, details["gradient_lag"], (11,))
    embeddings = np.array(details["embedding"], np.float32)[data.tokens]
    feed = {"embeddings": embeddings, "target": data.answers}
    (gradient,) = open_session(folder / "explain.onnx").run(["gradient"], feed)
    assert gradient.shape == embeddings.shape and np.isfinite(gradient).all()
