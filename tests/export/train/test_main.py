"""The one command that rebuilds the zoo."""

import importlib
import subprocess
from collections.abc import Sequence
from types import SimpleNamespace

import pytest

from export.train import __main__ as train


@pytest.mark.parametrize("family", train.FAMILIES, ids=lambda family: family.script)
def test_every_family_is_a_script_with_help(
    family: train.Family, capsys: pytest.CaptureFixture[str]
) -> None:
    script = importlib.import_module(f"export.train.{family.script}")
    with pytest.raises(SystemExit) as caught:
        script.main(["--help"])
    assert caught.value.code == 0
    assert "--tiny" in capsys.readouterr().out
    assert script.__doc__ and family.minutes > 0


def test_the_estimate_comes_first_and_one_failure_stops_no_other(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ran: list[str] = []

    def run(command: Sequence[str], check: bool) -> SimpleNamespace:
        ran.append(command[2].rsplit(".", 1)[1])
        return SimpleNamespace(returncode=1 if ran[-1] == "vit" else 0)

    monkeypatch.setattr(subprocess, "run", run)
    assert train.main([]) == 1
    assert ran == [family.script for family in train.FAMILIES]
    output = capsys.readouterr()
    total = sum(family.minutes for family in train.FAMILIES)
    assert f"{total:4} min  in all" in output.out
    assert output.err == "failed: vit\n"
