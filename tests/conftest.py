"""What all tests share: found programs, or a loud refusal to pretend that there are any."""

import os
import shutil
from collections.abc import Callable, Mapping

import pytest

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find_chromium() -> str | None:
    """Return the path of an installed Chromium, or None."""
    paths = (shutil.which(name) for name in CHROMIUM_NAMES)
    return os.environ.get("CHROMIUM") or next((path for path in paths if path), None)


def find_node() -> str | None:
    """Return the path of an installed Node.js that has npm, or None."""
    return shutil.which("node") if shutil.which("npm") else None


# Marker -> what its tests need, and how to get it.
PROGRAMS: Mapping[str, tuple[Callable[[], str | None], str]] = {
    "browser": (find_chromium, "apt-get install chromium"),
    "node": (find_node, "apt-get install nodejs npm"),
}


def pytest_report_header() -> list[str]:
    return [
        f"{marker}: {find() or 'none found, its tests are not collected'}"
        for marker, (find, _) in PROGRAMS.items()
    ]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out tests whose program is not installed; in CI that is an error."""
    for marker, (find, remedy) in PROGRAMS.items():
        without = [] if find() else [item for item in items if item.get_closest_marker(marker)]
        if without and os.environ.get("CI"):
            raise pytest.UsageError(f"What {marker} tests need is missing: {remedy}")
        config.hook.pytest_deselected(items=without)
        items[:] = [item for item in items if item not in without]
