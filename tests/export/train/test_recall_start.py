"""Other first weights for the recall task: what they are, and what is told of them."""

import shutil
from pathlib import Path

import pytest
import torch

from dashboard.inference.cards import load_model_card
from dashboard.sequences.recall import read_first_weights
from export.artifact import ZOO
from export.train import recall_start
from export.train.recall_fit import compute_gradient_norms
from models.recall_lstm import create_recall_lstm


def test_open_gates_forget_over_up_to_the_longest_lag_and_write_as_little() -> None:
    torch.manual_seed(0)
    model = recall_start.create_open_lstm()
    writes, keeps = (model.recurrent.bias_ih_l0 + model.recurrent.bias_hh_l0)[:128].split(64)
    assert torch.equal(keeps, -writes)
    times = keeps.exp()  # a gate sigmoid(log t) keeps t / (1 + t): a memory of t + 1 steps
    assert times.min() >= 1 and times.max() <= 255
    assert times.min() < 40 and times.max() > 200  # spread over the whole range


def test_the_signal_of_an_lstm_with_open_gates_reaches_further() -> None:
    norms = []
    for create in (create_recall_lstm, recall_start.create_open_lstm):
        torch.manual_seed(0)
        found = compute_gradient_norms(create(), 4)
        norms.append(found["64"] / found["1"])
    assert norms[1] > 100 * norms[0]


def test_usual_weights_are_small_and_no_rotation() -> None:
    torch.manual_seed(0)
    weights = recall_start.create_usual_rnn().recurrent.weight_hh_l0
    assert weights.abs().max() <= 140**-0.5
    lengths = torch.linalg.svdvals(weights)
    assert lengths.max() > 1.05 and lengths.min() < 0.1  # of a rotation all are 1


@pytest.mark.slow
def test_the_cards_are_told_and_nothing_else_changes(tmp_path: Path) -> None:
    for name in ("lstm.recall", "rnn.recall"):
        shutil.copytree(ZOO / name, tmp_path / "zoo" / name)
    before = load_model_card(tmp_path / "zoo" / "lstm.recall")
    options = ["--tiny", "--zoo", f"{tmp_path}/zoo", "--checkpoints", f"{tmp_path}/runs"]
    assert recall_start.main(options) == 0
    card = load_model_card(tmp_path / "zoo" / "lstm.recall")
    first, second = read_first_weights(card)
    assert len(first.shares) == len(second.shares) == recall_start.SEEDS
    assert card.files == before.files and card.metrics == before.metrics
    assert card.details["even"]["accuracy"] == before.details["even"]["accuracy"]
    assert len(read_first_weights(load_model_card(tmp_path / "zoo" / "rnn.recall"))) == 2
