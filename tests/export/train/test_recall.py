import json
from pathlib import Path

import onnxruntime as ort
import pytest
import torch

from export.artifact import EXPLAIN_FILE
from export.datasets.recall import create_sequences
from export.train import recall
from export.train.checkpoint import Checkpoint
from export.train.recall_fit import Recipe, compute_gradient_norms, fit
from models.recall_lstm import create_recall_lstm


def _train(path: Path, steps: int) -> dict[str, torch.Tensor]:
    return fit(
        create_recall_lstm, Recipe(steps=steps, batch=2), 3, Checkpoint(path), ""
    ).model.state_dict()


def test_two_runs_with_the_same_seed_are_equal(tmp_path: Path) -> None:
    first, second = (_train(tmp_path / f"{i}.pt", 3) for i in range(2))
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_the_gradient_of_an_untrained_lstm_fades_with_the_lag() -> None:
    torch.manual_seed(0)
    norms = compute_gradient_norms(create_recall_lstm(), 4)
    assert norms["1"] > 10 * norms["16"] > 100 * norms["64"]


@pytest.mark.slow
def test_a_tiny_run_writes_a_whole_artifact(tmp_path: Path) -> None:
    zoo = tmp_path / "zoo"
    arguments = ["rnn", "--tiny", "--zoo", str(zoo), "--checkpoints", str(tmp_path / "c")]
    assert recall.main(arguments) == 0
    folder = zoo / "rnn.recall"
    card = json.loads((folder / "card.json").read_text())
    assert set(card["metrics"]) == {f"lag/{2**i}" for i in range(9)}
    assert set(card["details"]["gradient_norm"]) == {"what", "untrained", "trained", "even"}
    assert set(card["details"]["even"]["accuracy"]) == {f"{2**i}" for i in range(9)}
    assert (folder / EXPLAIN_FILE).is_file()
    for name in ("predict.onnx", "even.onnx"):
        session = ort.InferenceSession(folder / name, providers=["CPUExecutionProvider"])
        for lag in (1, 100):
            tokens = create_sequences(3, lag, (1,)).tokens
            logits, states = session.run(None, {"tokens": tokens})
            assert logits.shape == (3, 8) and states.shape == (3, lag + 2, 140)
