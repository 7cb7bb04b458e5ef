"""Checkpoints: an interrupted run goes on where it stopped, a full disk harms nothing."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

CHECKPOINTS = Path("checkpoints")  # git-ignored
_RUN = "run"


class Checkpoint:
    """A file that holds the state of a run, replaced as a whole or not at all.

    What it may hold: tensors, numbers, texts, and lists and dictionaries of them. It belongs to one
    run: loaded with another seed or another recipe, it is put aside and training starts anew.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._run: dict[str, Any] = {}

    def load(self, run: Mapping[str, Any] | None = None) -> dict[str, Any] | None:
        """Return the state, or None where there is none of ``run`` that can be read."""
        self._run = dict(run or {})
        try:
            state = torch.load(self.path, map_location="cpu", weights_only=True)
        except FileNotFoundError:
            return None
        except Exception as error:  # torch raises half a dozen classes for a damaged file
            print(f"{self.path} cannot be read ({error}): starting anew")
            return None
        if state.pop(_RUN, {}) != self._run:
            print(f"{self.path} is of another run (seed, recipe or data): starting anew")
            return None
        return dict(state)

    def save(self, state: dict[str, Any]) -> None:
        """Replace the state; raises OSError, with the old state in place, where it cannot."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self.path.parent, prefix=".partial-")
        try:
            with os.fdopen(handle, "wb") as file:
                torch.save({**state, _RUN: self._run}, file)
            Path(name).replace(self.path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
