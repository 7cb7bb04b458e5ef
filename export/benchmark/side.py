"""Another package in a Python of its own, asked line by line: its requirements are its own."""

from __future__ import annotations

import subprocess
from pathlib import Path


class Side:
    """A process that runs ``script``; to be used in a ``with`` block.

    The script may print what it likes; its answers are the lines that start with a mark, by
    default RESULT.
    """

    def __init__(self, python: Path, script: str, *arguments: object) -> None:
        self._process = subprocess.Popen(
            [str(python), "-c", script, *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def __enter__(self) -> Side:
        return self

    def __exit__(self, *error: object) -> None:
        self._process.kill()

    def ask(self, line: str) -> float:
        """Send a line; return the number of the answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        return float(self.read())

    def read(self, mark: str = "RESULT") -> str:
        """Return what follows the mark on the next line that starts with it.

        Raises:
            RuntimeError: the process ended.
        """
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith(f"{mark} "):
                return line.removeprefix(f"{mark} ").strip()
        raise RuntimeError("the other package's process ended: run its script by hand to see why")
