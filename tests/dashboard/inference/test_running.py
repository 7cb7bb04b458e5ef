"""Sessions give back what large runs held, and answer as before."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dashboard.inference import running
from dashboard.inference.running import Session, give_back_memory

ROOT = Path(__file__).resolve().parents[3]

# In a process of its own: what the tests before have held would hide what one run holds.
SCRIPT = """
import re, sys
import numpy as np
from dashboard.inference.running import give_back_memory
from dashboard.inference.sessions import OnnxModel
from dashboard.cache import ZOO
def read_megabytes():
    return int(re.search(r"VmRSS:\\s+(\\d+)", open("/proc/self/status").read())[1]) / 1024
model = OnnxModel(ZOO / "efficientnet_lite0.imagenet", threads=2)
inputs = np.random.default_rng(0).normal(size=(4, 3, 224, 224)).astype(np.float32)
target = np.full(4, 285)
model.explain(inputs[:1], target[:1])
give_back_memory()
before, first = read_megabytes(), model.explain(inputs, target)
held = read_megabytes()
give_back_memory()
after, again = read_megabytes(), model.explain(inputs, target)
assert np.array_equal(first.gradient, again.gradient)
print("MEGABYTES", held - before, after - before)
"""


class Recorder:
    """Stands for ONNX Runtime's session: remembers what it was asked."""

    def __init__(self, providers: tuple[str, ...] = ("CPUExecutionProvider",)) -> None:
        self.providers, self.calls = list(providers), list[tuple[Any, ...]]()

    def get_providers(self) -> list[str]:
        return self.providers

    def run(self, *given: Any) -> list[Any]:
        self.calls.append(given)
        return [given[1]["image"]]


def test_only_a_long_run_is_followed_by_one_that_shrinks(monkeypatch: pytest.MonkeyPatch) -> None:
    recorder = Recorder()
    session = Session(recorder)
    feed = {"image": np.ones((3, 2)), "target": np.arange(3)}
    session.run(["out"], feed)
    assert not session.give_back() and len(recorder.calls) == 1
    monkeypatch.setattr(running, "_LONG", -1.0)
    session.run(["out"], feed)
    assert session.give_back()
    names, small, options = recorder.calls[-1]
    assert names == ["out"] and {name: len(array) for name, array in small.items()} == {
        "image": 1,
        "target": 1,
    }
    assert options.get_run_config_entry("memory.enable_memory_arena_shrinkage") == "cpu:0"
    assert not session.give_back()  # there is nothing left


def test_a_gpu_keeps_its_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "_LONG", -1.0)
    session = Session(Recorder(("CUDAExecutionProvider", "CPUExecutionProvider")))
    session.run(["out"], {"image": np.ones((3, 2))})
    assert not session.give_back()


def test_all_open_sessions_give_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "_LONG", -1.0)
    recorders = [Recorder(), Recorder()]
    sessions = [Session(each) for each in recorders]
    for session in sessions:
        session.run(["out"], {"image": np.ones((1, 2))})
    give_back_memory()
    assert [len(each.calls) for each in recorders] == [2, 2]


@pytest.mark.proc
def test_the_memory_of_a_large_run_comes_back() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = re.search(r"MEGABYTES (\S+) (\S+)", done.stdout)
    assert found is not None
    held, left = float(found[1]), float(found[2])
    assert held > 100 and left < held / 3
