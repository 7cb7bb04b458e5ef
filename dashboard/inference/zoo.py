"""The models on disk: which there are, and whether their files are what their cards say."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dashboard.inference.cards import (
    Card,
    ModelCard,
    compute_sha256,
    load_card,
    load_model_card,
)
from dashboard.inference.errors import ZooError, create_zoo_error

__all__ = ["IMAGE_CLASSIFICATION", "ZooEntry", "ZooError", "list_models", "verify"]

IMAGE_CLASSIFICATION = "image-classification"


@dataclass(frozen=True)
class ZooEntry:
    """A model on disk: ``name`` is its folder, ``error`` a sentence if it cannot be used.

    ``task`` is "" where the card could not be read.
    """

    name: str
    title: str
    task: str = ""
    error: str | None = None


def list_models(root: Path) -> list[ZooEntry]:
    """Return the models under ``root`` by name; a broken one is listed with what is wrong.

    A model's folder is called ``architecture.dataset``; other folders hold no models (labels).
    """
    if not root.is_dir():
        return []
    folders = (path for path in root.iterdir() if path.is_dir() and "." in path.name.strip("."))
    return [_describe(folder) for folder in sorted(folders)]


def _describe(folder: Path) -> ZooEntry:
    try:
        common = load_model_card(folder)
        card = load_card(folder) if common.task == IMAGE_CLASSIFICATION else common
        _find_files(folder, card)
    except ZooError as error:
        return ZooEntry(folder.name, folder.name, error=str(error))
    return ZooEntry(folder.name, card.title, card.task)


def verify(folder: Path) -> Card:
    """Check every file of a model against the SHA-256 on its card, and return the card.

    Raises:
        ZooError: the card cannot be used, a file is missing, or a file is not the one exported.
    """
    card = load_card(folder)
    _check_sums(folder, card)
    return card


def verify_files(folder: Path) -> ModelCard:
    """Do what ``verify`` does for a model of any task."""
    card = load_model_card(folder)
    _check_sums(folder, card)
    return card


def _check_sums(folder: Path, card: ModelCard) -> None:
    for path, checksum in _find_files(folder, card):
        try:
            actual = compute_sha256(path)
        except OSError as error:
            raise create_zoo_error(path, "cannot be read") from error
        if actual != checksum.lower():
            raise create_zoo_error(path, "is damaged: its SHA-256 is not the one on the card")


def _find_files(folder: Path, card: ModelCard) -> list[tuple[Path, str]]:
    files = [(folder / name, checksum) for name, checksum in card.files.items()]
    for path, _ in files:
        if not path.is_file():
            raise create_zoo_error(path, "is missing")
    return files
