"""README's commands and code, run as they stand there."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
MOST_LINES = 15


def read_blocks(language: str) -> list[str]:
    """Return the fenced blocks of README.md in a language, "" for plain ones."""
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", (ROOT / "README.md").read_text(), re.M | re.S)
    return [text for name, text in blocks if name == language]


def find_block(language: str, word: str) -> str:
    (block,) = (text for text in read_blocks(language) if word in text)
    return block


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """Return a folder that looks like the repository and may be written to."""
    for name in ("dashboard", "export", "models"):
        (tmp_path / name).symlink_to(ROOT / name, target_is_directory=True)
    return tmp_path


def run(arguments: list[str], folder: Path) -> str:
    done = subprocess.run([sys.executable, *arguments], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_an_explanation_is_written_and_runs_without_torch(clone: Path) -> None:
    command = shlex.split(find_block("", "--method").replace("\\\n", " "))
    assert command[0] == "python"
    assert "finite differences" in run(command[1:], clone)
    code = find_block("python", "attributions")
    assert len(code.splitlines()) <= MOST_LINES
    assert set(re.findall(r"^(?:import|from) (\w+)", code, re.M)) == {"numpy", "onnxruntime", "PIL"}
    assert "seen: 967" in run(["-c", code], clone)
    heat = np.asarray(Image.open(clone / "heat.png"))
    assert heat.shape == (224, 224)
    assert heat.std() > 10
