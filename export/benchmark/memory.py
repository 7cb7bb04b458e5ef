"""Peak memory of integrated gradients: the page's, and Captum's on torch.

Each runs in a process of its own; what counts is how far the peak lies above the same process after
its imports and the loading of the model, because both import torch.
"""

from __future__ import annotations

import resource
import subprocess
import sys

import numpy as np
import torch
from dashboard.attribution import get_method
from dashboard.attribution.base import Question
from dashboard.attribution.params import compute_defaults
from dashboard.inference.sessions import OnnxModel

from export.artifact import ZOO
from export.benchmark.lite0 import NAME, TARGET, create_torch, run_integrated_gradients

ENGINES = ("ONNX", "torch")
BOUND = 0.6


def measure_here(engine: str) -> int:
    """Return the KiB that IG-50 on Lite0 adds to this process's peak."""
    torch.set_num_threads(1)
    noise = np.random.default_rng(0).normal(size=(1, 3, 224, 224)).astype(np.float32)
    if engine == "torch":
        work = run_integrated_gradients(create_torch(), torch.from_numpy(noise))
    else:
        model, method = OnnxModel(ZOO / NAME, threads=1), get_method("integrated_gradients")
        model.predict(noise)
        params = compute_defaults(method.params)

        def work() -> object:
            return method.attribute(model, Question(noise, TARGET), params)

    before = _read_peak()
    work()
    return _read_peak() - before


def _read_peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def print_table() -> None:
    """Print the ratio of the two peaks."""
    code = "import sys; from export.benchmark.memory import measure_here; "
    code += "print(measure_here(sys.argv[1]))"
    peaks = {}
    for engine in ENGINES:
        command = [sys.executable, "-c", code, engine]
        answer = subprocess.run(command, capture_output=True, text=True, check=True)
        peaks[engine] = int(answer.stdout.split()[-1]) / 1024
    ratio = peaks["ONNX"] / peaks["torch"]
    figures = ", ".join(f"{engine} {peak:.0f} MiB" for engine, peak in peaks.items())
    print(f"{'memory of IG-50 above idle':34s} {ratio:.2f} of torch's (bound {BOUND}): {figures}")
