"""What can go wrong with a model on disk, said in one sentence for the reader of the page."""

from __future__ import annotations

from pathlib import Path


class ZooError(Exception):
    """A model on disk cannot be used; the message names the model and the file."""


def create_zoo_error(path: Path, what: str) -> ZooError:
    """Return the error for a file in a model's folder; ``what`` follows the file's name."""
    return ZooError(
        f"The model {path.parent.name} cannot be used: {path.name} {what}. "
        "Restore the file from the repository, or export the model again."
    )
