from pathlib import Path

import pytest
import torch

from export.train.checkpoint import Checkpoint


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    checkpoint = Checkpoint(tmp_path / "deep" / "run.pt")
    assert checkpoint.load() is None
    checkpoint.save({"step": 3, "weights": torch.ones(2), "history": [[1, 0.5]]})
    state = checkpoint.load()
    assert state is not None and state["step"] == 3 and state["weights"].tolist() == [1, 1]


def test_a_full_disk_leaves_the_old_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkpoint = Checkpoint(tmp_path / "run.pt")
    checkpoint.save({"step": 1})

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", fail)
    with pytest.raises(OSError, match="No space"):
        checkpoint.save({"step": 2})
    assert [path.name for path in tmp_path.iterdir()] == ["run.pt"]
    state = checkpoint.load()
    assert state is not None and state["step"] == 1


def test_a_damaged_file_starts_anew(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "run.pt").write_bytes(b"half a file")
    assert Checkpoint(tmp_path / "run.pt").load() is None
    assert "starting anew" in capsys.readouterr().out


def test_another_run_does_not_go_on_where_this_one_stopped(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    checkpoint = Checkpoint(tmp_path / "run.pt")
    checkpoint.load({"seed": 0})
    checkpoint.save({"step": 1})
    assert Checkpoint(tmp_path / "run.pt").load({"seed": 1}) is None
    assert "another run" in capsys.readouterr().out
    assert Checkpoint(tmp_path / "run.pt").load({"seed": 0}) == {"step": 1}
