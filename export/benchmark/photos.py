"""Photos that are not the app's own: foolbox's 20 of ImageNet, and those of a folder."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

SUFFIXES = {".jpg", ".jpeg", ".png"}


def list_folder(folder: Path) -> list[Path]:
    """Return the photos in a folder, by name."""
    return [path for path in sorted(folder.iterdir()) if path.suffix.lower() in SUFFIXES]


def list_foolbox() -> list[Path]:
    """Return foolbox's photos of ImageNet, none where it is not installed."""
    found = find_spec("foolbox")  # looked for, not imported
    if found is None or found.origin is None:
        return []
    data = Path(found.origin).parent / "data"
    return [path for path in list_folder(data) if path.name.startswith("imagenet_")]
