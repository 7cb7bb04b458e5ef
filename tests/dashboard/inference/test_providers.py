import ctypes
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import onnxruntime
import pytest

from dashboard.inference import providers
from dashboard.inference.providers import (
    CPU,
    CUDA,
    choose_providers,
    count_threads,
    describe_device,
    find_gpu,
)


@pytest.fixture(autouse=True)
def forget() -> Iterator[None]:
    find_gpu.cache_clear()
    choose_providers.cache_clear()
    yield
    find_gpu.cache_clear()
    choose_providers.cache_clear()


def make_driver(status: int = 0, devices: int = 1) -> Any:
    """Return a CUDA driver whose every call answers ``status``."""

    def count(pointer: Any) -> int:
        pointer._obj.value = devices
        return status

    def name(buffer: Any, length: int, device: Any) -> int:
        buffer.value = b"NVIDIA H100"
        return status

    return SimpleNamespace(
        cuInit=lambda flags: status,
        cuDeviceGetCount=count,
        cuDeviceGet=lambda pointer, index: status,
        cuDeviceGetName=name,
    )


def test_without_a_driver_cuda_is_never_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(name: str) -> None:
        raise OSError(f"{name}: cannot open shared object file")

    monkeypatch.setattr(ctypes, "CDLL", fail)
    # The GPU build of ONNX Runtime claims CUDA wherever it runs.
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [CUDA, CPU])
    assert find_gpu() is None
    assert choose_providers() == (CPU,)


@pytest.mark.parametrize("driver", [make_driver(status=100), make_driver(devices=0)])
def test_a_driver_without_a_device_counts_as_none(
    monkeypatch: pytest.MonkeyPatch, driver: Any
) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda name: driver)
    assert find_gpu() is None


def test_a_gpu_is_asked_for_by_its_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    preloaded: list[bool] = []
    monkeypatch.setattr(ctypes, "CDLL", lambda name: make_driver())
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [CUDA, CPU])
    monkeypatch.setattr(onnxruntime, "preload_dlls", lambda: preloaded.append(True))
    assert find_gpu() == "NVIDIA H100"
    first, last = choose_providers()
    assert first[0] == CUDA
    assert first[1]["use_tf32"] == "0"
    assert last == CPU
    assert preloaded == [True]


def test_a_cpu_build_stays_on_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(providers, "find_gpu", lambda: "NVIDIA H100")
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [CPU])
    assert choose_providers() == (CPU,)


@pytest.mark.parametrize(
    ("said", "threads", "gpu", "expected"),
    [
        ([CPU], 1, None, "CPU, 1 thread"),
        ([CPU], 2, None, "CPU, 2 threads"),
        ([CUDA, CPU], 2, "NVIDIA H100", "GPU: NVIDIA H100"),
        (
            [CPU],
            8,
            "NVIDIA H100",
            "CPU, 8 threads (NVIDIA H100 is there, but its CUDA libraries were not found)",
        ),
    ],
)
def test_only_the_session_is_believed(
    said: list[str], threads: int, gpu: str | None, expected: str
) -> None:
    assert describe_device(said, threads, gpu) == expected


def test_at_least_one_thread_and_at_most_eight() -> None:
    assert 1 <= count_threads() <= 8
