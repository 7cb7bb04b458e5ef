"""What a sandboxed process may use: the app decides it, the process keeps to it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """The bounds of one sandbox.

    ``memory_bytes`` is of address space, which libraries and thread stacks use up as well (half a
    gigabyte before any model); ``seconds`` is the default wall-clock limit of a request;
    ``lifetime_cpu_seconds`` are processor time until the process is replaced by a new one;
    after ``idle_seconds`` without a request it ends by itself. One run uses ``threads`` cores.
    """

    memory_bytes: int = 3 << 30
    seconds: float = 60.0
    lifetime_cpu_seconds: int = 3600
    idle_seconds: float = 300.0
    threads: int = 2
