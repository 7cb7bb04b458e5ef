"""The scripts of the image classifiers, end to end on a hundred images."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from export.datasets import fashion_mnist
from export.train import cnn, cnn_sweep, vit

pytestmark = pytest.mark.fashion_mnist
SCRIPTS = {"cnn.fashion_mnist": cnn, "vit.fashion_mnist": vit, "cnn_sweep.fashion_mnist": cnn_sweep}


@pytest.mark.slow
@pytest.mark.parametrize("name", SCRIPTS)
def test_a_trial_ends_with_an_artifact(name: str, tmp_path: Path) -> None:
    arguments = ["--tiny", "--zoo", f"{tmp_path}/zoo", "--checkpoints", f"{tmp_path}/runs"]
    assert SCRIPTS[name].main(arguments) == 0
    folder = tmp_path / "zoo" / name
    card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    assert set(card["files"]) == {path.name for path in folder.iterdir()} - {"card.json"}
    assert card["parity"]["max_abs_diff"] <= 1e-4 and card["gradient_parity"]["onnx"] <= 2e-2
    assert (tmp_path / "runs" / "tiny").is_dir()


def test_a_missing_data_set_ends_with_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cnn.main(["--data", str(tmp_path), "--zoo", str(tmp_path / "zoo")]) == 1
    message = capsys.readouterr().err
    assert "apt-get install dataset-fashion-mnist" in message and message.count("\n") == 1
    assert not (tmp_path / "zoo").exists()


def test_below_the_floor_the_script_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    few = fashion_mnist.take_few(fashion_mnist.load("test"))
    monkeypatch.setattr(fashion_mnist, "load", lambda *_: few)
    monkeypatch.setattr(cnn, "CNN", replace(cnn.CNN, recipe=cnn.CNN.tiny))
    arguments = ["--zoo", f"{tmp_path}/zoo", "--checkpoints", f"{tmp_path}/runs"]
    assert cnn.main(arguments) == 1
    assert "below its floor of 93" in capsys.readouterr().err
    assert not (tmp_path / "zoo" / "cnn.fashion_mnist").exists()


def test_every_run_of_the_sweep_has_a_name_of_its_own() -> None:
    runs = cnn_sweep.list_runs()
    assert len({run.name for run in runs}) == len(runs) == 39
    assert next(run for run in runs if run.kind == "size" and run.percent == 100).seed == 0
