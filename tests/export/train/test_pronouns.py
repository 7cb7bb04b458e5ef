import json
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest
import torch

from export.artifact import EXPLAIN_FILE, ZOO
from export.train import pronouns
from export.train.pronoun_fit import compute_loss
from export.train.pronoun_scores import measure_heads

pytestmark = pytest.mark.minilm


def test_the_loss_by_hand() -> None:
    scores = torch.zeros(1, 4)
    referent = torch.tensor([[False, True, True, False]])  # a word of two pieces
    assert float(compute_loss(scores, referent)) == pytest.approx(np.log(2))


def test_heads_are_chosen_on_one_half_and_measured_on_the_other() -> None:
    shares = np.full((8, 2, 2), 0.4)  # four pairs, two layers, two heads
    shares[[0, 1, 4, 5], 1, 0] = 0.9  # right in the half that chooses
    shares[[2, 3], 1, 0] = 0.8  # and in one of two pairs of the other half
    metrics, heads = measure_heads(shares)
    assert heads["resolves"] == [1, 0]
    assert metrics["resolves"].value == 50 and metrics["resolves"].n == 2


def test_a_missing_encoder_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(pronouns, "ZOO", tmp_path)
    assert pronouns.main(["--tiny", "--zoo", str(tmp_path), "--checkpoints", str(tmp_path)]) == 1
    assert "python -m export.train.minilm" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize("name", ["resolver", "lstm"])
def test_a_tiny_run_writes_a_whole_artifact(name: str, tmp_path: Path) -> None:
    zoo = tmp_path / "zoo"
    arguments = [name, "--tiny", "--zoo", str(zoo), "--checkpoints", str(tmp_path / "c")]
    assert pronouns.main(arguments) == 0
    folder = zoo / f"{name}.pronouns"
    card = json.loads((folder / "card.json").read_text())
    assert {"pairs/held_out", "pairs/natural", "sentences/held_out_verbs"} <= set(card["metrics"])
    assert card["details"]["rules"]["nearest_noun"]["pairs/held_out"] == 0
    assert (folder / EXPLAIN_FILE).is_file()
    session = ort.InferenceSession(folder / "predict.onnx", providers=["CPUExecutionProvider"])
    feed = {
        "states": np.zeros((1, 9, 384), np.float32),
        "attention_mask": np.ones((1, 9), np.int64),
        "pronoun": np.array([4]),
    }
    assert session.run(["scores"], feed)[0].shape == (1, 9)


def test_the_project_has_its_encoder() -> None:
    assert pronouns.find_encoder(ZOO).is_file()
