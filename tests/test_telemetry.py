"""ONNX Runtime reports nothing, whichever of the packages brings it in."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

# What the system's own environment says is asked too: os.environ is only Python's copy of it.
SCRIPT = """
import ctypes, sys
import numpy as np
import {entry}
import onnxruntime as ort
session = ort.InferenceSession("models/zoo/cnn.fashion_mnist/predict.onnx")
session.run(None, {{"image": np.zeros((1, 1, 28, 28), np.float32)}})
if sys.platform != "win32":
    getenv = ctypes.CDLL(None).getenv
    getenv.restype = ctypes.c_char_p
    assert getenv(b"ORT_DISABLE_TELEMETRY") == b"1"
"""


@pytest.mark.parametrize(
    "entry",
    [
        "dashboard.inference.running",
        "dashboard.uploads.inside.worker",  # what the sandbox's process opens files with
        "export.sessions",
    ],
)
def test_a_run_leaves_nothing_in_the_home_folder(entry: str, tmp_path: Path) -> None:
    # The machine's id and the queue of reports are written at once, so an empty folder proves it;
    # a host is looked up by the same part of the library, seconds later.
    home = tmp_path / "home"
    home.mkdir()
    told = {"ORT_DISABLE_TELEMETRY", *(name for name in os.environ if name.startswith("XDG_"))}
    environment = {key: value for key, value in os.environ.items() if key not in told}
    places = {"HOME": str(home), "USERPROFILE": str(home), "LOCALAPPDATA": str(home)}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(entry=entry)],
        cwd=ROOT,
        env={**environment, **places, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert list(home.rglob("*")) == []
