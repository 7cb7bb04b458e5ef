"""The sweep trained to convergence: its order, its held-out images, what it tells the card."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from dashboard.inference.cards import load_card
from dashboard.limits.sweep import SIZE, read_sweep
from export.artifact import ZOO
from export.datasets.fashion_mnist import Images
from export.train import cnn_converged, cnn_sweep

NAME = cnn_sweep.NAME


def test_all_runs_are_planned_and_the_sizes_come_first_the_whole_range_at_once() -> None:
    runs = cnn_converged.order_runs()
    assert {run.name for run in runs} == {run.name for run in cnn_sweep.list_runs()}
    assert [run.percent for run in runs[:4]] == [100, 10, 1, 0.1]
    assert {run.percent for run in runs[:8]} == set(cnn_sweep.SIZES)
    assert [run.kind for run in runs[:24]] == ["size"] * 24
    assert [run.kind for run in runs[24:26]] == ["augmented"] * 2
    assert sorted(cnn_converged.NAMES) == sorted(run.name for run in runs)


def test_held_out_images_are_of_every_class_and_learnt_by_nobody() -> None:
    pixels = np.zeros((60, 28, 28), np.uint8)
    pixels[:, 0, 0] = np.arange(60)
    data = Images(pixels, np.arange(60) % 3)
    pool, held_out = cnn_converged.hold_out(data, 12)
    assert np.bincount(held_out.labels).tolist() == [4, 4, 4]
    assert np.bincount(pool.labels).tolist() == [16, 16, 16]
    seen = np.concatenate([pool.pixels[:, 0, 0], held_out.pixels[:, 0, 0]])
    assert sorted(seen.tolist()) == list(range(60))
    assert (pool.pixels[:, 0, 0] % 3 == pool.labels).all()  # each kept its label


@pytest.mark.slow
@pytest.mark.fashion_mnist
def test_runs_are_told_one_by_one_and_not_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(ZOO / NAME, tmp_path / "zoo" / NAME)
    before = load_card(tmp_path / "zoo" / NAME)
    options = ["--tiny", "--zoo", f"{tmp_path}/zoo", "--checkpoints", f"{tmp_path}/runs"]
    assert cnn_converged.main(["noise_40_seed_0", *options]) == 0
    assert cnn_converged.main(["size_100_seed_0", *options]) == 0
    card = load_card(tmp_path / "zoo" / NAME)
    told = card.details["converged"]
    assert list(told["runs"]) == ["size_100_seed_0", "noise_40_seed_0"]  # the first is still there
    run = told["runs"]["size_100_seed_0"]
    assert run["training_images"] == 200 - cnn_converged.TINY_HELD_OUT
    assert run["steps"] == run["history"][-1][0] == 4
    others, were = (
        {key: value for key, value in each.details.items() if key != "converged"}
        for each in (card, before)
    )
    assert others == were
    assert (card.files, card.members, card.metrics) == (
        before.files,
        before.members,
        before.metrics,
    )
    sweep = read_sweep(card)
    assert sweep is not None and sweep.converged is not None
    assert len(sweep.converged.runs) == 2 and sweep.choose(SIZE) is sweep

    monkeypatch.setattr(cnn_converged, "train", lambda *_: pytest.fail("trained again"))
    written = (tmp_path / "zoo" / NAME / "card.json").read_text(encoding="utf-8")
    assert cnn_converged.main(["size_100_seed_0", *options]) == 0
    assert json.loads((tmp_path / "zoo" / NAME / "card.json").read_text()) == json.loads(written)
