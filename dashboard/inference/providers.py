"""Where a network runs: on an NVIDIA GPU where there is one, else on the CPU.

The GPU build of ONNX Runtime claims CUDA on machines that have none, and asking for it there
prints a loud native error. So the driver is asked first, and after that only what a session says
of itself is believed.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Sequence
from functools import lru_cache

import onnxruntime as ort

from dashboard.inference.counts import tell_count

CPU = "CPUExecutionProvider"
CUDA = "CUDAExecutionProvider"

MAX_THREADS = 8

Provider = str | tuple[str, dict[str, str]]

# TF32 would round what is multiplied to 10 bits: the maps of a GPU would differ from a CPU's.
# An exhaustive search for the fastest kernel would run again for every new size of a batch.
_CUDA_OPTIONS = {"use_tf32": "0", "cudnn_conv_algo_search": "HEURISTIC"}

_NAME_LENGTH = 256


def count_threads() -> int:
    """Return how many threads one run may use: the cores this process may use, at most 8."""
    if sys.platform == "linux":
        return min(MAX_THREADS, len(os.sched_getaffinity(0)))
    return min(MAX_THREADS, os.cpu_count() or 1)


@lru_cache(maxsize=1)
def find_gpu() -> str | None:
    """Return the name of the first NVIDIA GPU as its driver gives it, or None without a driver."""
    try:
        driver = ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return None
    count, device = ctypes.c_int(0), ctypes.c_int(0)
    name = ctypes.create_string_buffer(_NAME_LENGTH)
    # Each call returns 0 for success (CUDA driver API).
    failed = (
        driver.cuInit(0)
        or driver.cuDeviceGetCount(ctypes.byref(count))
        or count.value < 1
        or driver.cuDeviceGet(ctypes.byref(device), 0)
        or driver.cuDeviceGetName(name, _NAME_LENGTH, device)
    )
    return None if failed else name.value.decode(errors="replace")


@lru_cache(maxsize=1)
def choose_providers() -> tuple[Provider, ...]:
    """Return the providers to ask a session for, best first; CUDA only where it can work."""
    if find_gpu() is None or CUDA not in ort.get_available_providers():
        return (CPU,)
    ort.preload_dlls()  # finds the CUDA libraries that torch's GPU wheel brings
    return ((CUDA, _CUDA_OPTIONS), CPU)


def describe_device(session_providers: Sequence[str], threads: int, gpu: str | None) -> str:
    """Return where a session runs, for the page.

    ``session_providers`` is what ``session.get_providers()`` says, ``gpu`` what ``find_gpu`` says.
    """
    if CUDA in session_providers and gpu is not None:
        return f"GPU: {gpu}"
    unused = "" if gpu is None else f" ({gpu} is there, but its CUDA libraries were not found)"
    return f"CPU, {tell_count(threads, 'thread')}{unused}"
