"""A network in training: what a checkpoint keeps of it, and how it goes on from one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

from export.train.meter import Meter


@dataclass
class Fitted:
    """A trained network with its history: (step, mean training loss since the entry before)."""

    model: nn.Module
    history: list[tuple[int, float]] = field(default_factory=list)
    meter: Meter = field(default_factory=Meter)

    def describe(self, optimizer: torch.optim.Optimizer, step: int) -> dict[str, Any]:
        """Return what a checkpoint keeps after ``step`` steps."""
        return {
            "step": step,
            "model": self.model.state_dict(),
            "optimizer": optimizer.state_dict(),
            "history": [list(entry) for entry in self.history],
            "meter": self.meter.state(),
        }

    def resume(self, optimizer: torch.optim.Optimizer, state: Mapping[str, Any] | None) -> int:
        """Take over what ``describe`` returned, if there is any; return the steps that are done."""
        if state is None:
            return 0
        self.model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        self.history = [(int(step), float(loss)) for step, loss in state["history"]]
        self.meter = Meter(**state["meter"])
        return int(state["step"])
