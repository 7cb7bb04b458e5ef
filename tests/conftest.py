"""What all tests share: a found browser, or a loud refusal to pretend that there is one."""

import os
import shutil
from collections.abc import Sequence

import pytest

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find_chromium() -> str | None:
    """Return the path of an installed Chromium, or None."""
    paths = (shutil.which(name) for name in CHROMIUM_NAMES)
    return os.environ.get("CHROMIUM") or next((path for path in paths if path), None)


def pytest_report_header() -> str:
    found = find_chromium()
    return f"browser: {found}" if found else "browser: none found, its tests are not collected"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave browser tests out where no browser is installed; in CI that is an error."""
    if find_chromium():
        return
    browser: Sequence[pytest.Item] = [item for item in items if item.get_closest_marker("browser")]
    if browser and os.environ.get("CI"):
        raise pytest.UsageError("Chromium is missing: apt-get install chromium")
    config.hook.pytest_deselected(items=browser)
    items[:] = [item for item in items if item not in browser]
