"""The script for film reviews: training, and a whole run on a few reviews."""

import json
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from export.datasets import imdb
from export.sessions import open_session
from export.train import text, text_fit
from export.train.checkpoint import Checkpoint
from export.train.loop import TrainState
from export.train.text_fit import Recipe
from export.train.text_texts import describe_limits
from models.text_lstm import create_text_lstm
from models.text_rnn import create_text_rnn
from models.text_transformer import create_text_transformer

CREATE = [create_text_rnn, create_text_lstm, create_text_transformer]
RECIPE = Recipe(steps=8, batch=4, words=20)


def draw_rows(count: int = 24) -> list[np.ndarray]:
    generator = np.random.default_rng(0)
    return [generator.integers(1, 40, generator.integers(3, 30)) for _ in range(count)]


ROWS, LABELS = draw_rows(), np.arange(24) % 2


def train(path: Path, create: Any = create_text_lstm) -> TrainState:
    return text_fit.fit(partial(create, 40), ROWS, LABELS, RECIPE, 0, Checkpoint(path), "test")


def assert_equal(one: TrainState, other: TrainState) -> None:
    for name, weight in one.model.state_dict().items():
        assert torch.equal(weight, other.model.state_dict()[name]), name


def test_two_runs_with_one_seed_are_equal(tmp_path: Path) -> None:
    assert_equal(train(tmp_path / "a.pt"), train(tmp_path / "b.pt"))


def test_an_interrupted_run_ends_where_one_that_was_not_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = train(tmp_path / "whole.pt")
    monkeypatch.setattr(text_fit, "_SAVE_EVERY", 3)
    real, calls = text_fit.descend, 0

    def stop_at_the_fifth(*arguments: Any) -> torch.Tensor:
        nonlocal calls
        calls += 1
        if calls == 5:
            raise KeyboardInterrupt
        return real(*arguments)

    monkeypatch.setattr(text_fit, "descend", stop_at_the_fifth)
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "cut.pt")
    resumed = train(tmp_path / "cut.pt")
    assert calls == 5 + 5  # from the checkpoint after three steps
    assert [step for step, _ in resumed.history] == [3, 6, 8]
    assert_equal(whole, resumed)


def test_an_epoch_sees_every_review_once_those_of_a_batch_about_equally_long() -> None:
    lengths = list(range(1, 1001))
    order = text_fit._Order(lengths, 64, seed=0)
    batches = [order.take(step) for step in range(16)]
    assert sorted(np.concatenate(batches)) == list(range(1000))
    spreads = [np.ptp(batch) for batch in batches]
    assert max(spreads) <= 64
    assert not np.array_equal(order.take(16), batches[0])


@pytest.mark.parametrize("create", CREATE)
def test_the_gradient_by_distance_is_torchs_own(create: Any) -> None:
    torch.manual_seed(0)
    model = create(40).eval()
    row = np.random.default_rng(1).integers(1, 40, 256)
    measured = text_fit.compute_gradient_by_distance(model, [row])
    means = measured["mean"]
    assert measured["n"] == 1 and list(means) == [str(d) for d in text_fit.DISTANCES]
    assert means["0"] > 0 and all(np.isfinite(list(means.values())))
    embedded = model.embedding(torch.from_numpy(row)[None]).detach()
    direction = model.head.classifier.weight[1] - model.head.classifier.weight[0]

    def score(values: torch.Tensor) -> float:
        states = model.compute_states(values)
        last = (states[0] if isinstance(states, tuple) else states)[0, -1]
        return float((last @ direction).detach())

    # By finite differences along the gradient's own direction, three words back.
    leaf = embedded.clone().requires_grad_(True)
    states = model.compute_states(leaf)
    last = (states[0] if isinstance(states, tuple) else states)[0, -1]
    (gradient,) = torch.autograd.grad(last @ direction, leaf)
    step = torch.zeros_like(embedded)
    step[0, -4] = gradient[0, -4] / gradient[0, -4].norm() * 0.05
    slope = (score(embedded + step) - score(embedded - step)) / 0.1
    assert slope == pytest.approx(means["3"], rel=0.05)


def test_a_better_baseline_is_told() -> None:
    assert "90.0 % of the same held-out reviews right, better" in describe_limits("rnn", 8, 9, 10)
    assert "not as good as this network" in describe_limits("lstm", 9, 8, 10)
    assert "as good as this network" in describe_limits("lstm", 8, 8, 10)


def test_missing_reviews_are_one_clear_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert text.main(["--data", str(tmp_path), "--zoo", str(tmp_path / "zoo")]) == 1
    assert "pip install" in capsys.readouterr().err
    assert not (tmp_path / "zoo").exists()


@pytest.mark.slow
def test_a_whole_run_on_a_few_reviews(tmp_path: Path) -> None:
    zoo = tmp_path / "zoo"
    arguments = ["--tiny", "--zoo", str(zoo), "--checkpoints", str(tmp_path / "checkpoints")]
    assert text.main(arguments) == 0
    assert sorted(path.name for path in zoo.iterdir()) == [
        "lstm.imdb",
        "rnn.imdb",
        "transformer.imdb",
    ]
    for folder in zoo.iterdir():
        card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
        assert card["metrics"]["accuracy"]["n"] == card["metrics"]["baseline"]["n"] == 20
        baseline = card["details"]["baseline"]
        table = ("both_right", "only_network_right", "only_baseline_right", "both_wrong")
        assert sum(baseline[cell] for cell in table) == 20
        words = json.loads((folder / "vocabulary.json").read_text(encoding="utf-8"))
        assert words[:2] == [imdb.PAD, imdb.UNKNOWN]
        assert_explains(folder, words)


def assert_explains(folder: Path, words: list[str]) -> None:
    """The gradient graph, fed with what predict gave, answers as predict did."""
    rows = imdb.encode(["the film was good .", "bad"], words)
    tokens = imdb.pad(rows, 64)
    predict = open_session(folder / "predict.onnx")
    logits, embeddings = predict.run(["logits", "embeddings"], {"tokens": tokens})
    explain = open_session(folder / "explain.onnx")
    feed = {
        "embeddings": embeddings,
        "mask": (tokens != 0).astype(np.float32),
        "target": np.array([1, 0]),
    }
    again, gradient = explain.run(["logits", "gradient"], feed)
    np.testing.assert_allclose(again, logits, atol=1e-5)
    assert gradient.shape == embeddings.shape and np.abs(gradient[0, :5]).max() > 0
    assert np.abs(gradient[0, 5:]).max() == np.abs(gradient[1, 1:]).max() == 0
