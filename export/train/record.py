"""How a network was trained, as its card tells it: enough to do it again, and what it cost."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from pathlib import Path

import torch

from export.card import Training
from export.train.loop import Recipe, TrainState
from export.train.meter import Meter


def describe_training(
    command: str,
    seed: int,
    steps: int,
    batch: int,
    meter: Meter,
    history: Sequence[tuple[int, float]],
) -> Training:
    """Return the card's account of a training on this machine."""
    return Training(
        command=command,
        seed=seed,
        steps=steps,
        batch=batch,
        seconds=meter.seconds,
        core_seconds=meter.core_seconds,
        energy=meter.estimate_energy(),
        machine=describe_machine(),
        history=tuple((int(step), round(float(value), 5)) for step, value in history),
    )


def describe_machine() -> str:
    """Return what trained: the processor's kind and how many cores, or the GPU."""
    if torch.cuda.is_available():
        return str(torch.cuda.get_device_name())
    return f"{_name_processor()}, {torch.get_num_threads()} threads"


def _name_processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def describe_run(command: str, seed: int, recipe: Recipe, state: TrainState) -> Training:
    """Return the card's account of one network's whole training."""
    return describe_training(command, seed, recipe.steps, recipe.batch, state.meter, state.losses)
