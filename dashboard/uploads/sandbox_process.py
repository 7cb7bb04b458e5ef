"""One sandboxed process seen from the app, and how many of them there may be."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from threading import Lock, Timer
from typing import BinaryIO, cast

from dashboard.uploads.limits import Limits
from dashboard.uploads.sandbox_wire import (
    Message,
    UploadError,
    UploadStopped,
    WireError,
    read_message,
    write_message,
)

MAX_PROCESSES = 4
START_SECONDS = 60.0

_WORKER = "dashboard.uploads.inside.process"
_ROOT = Path(__file__).resolve().parent.parent.parent

# What Python itself may need to start; nothing else of the app's environment is handed on.
_INHERITED = ("LD_LIBRARY_PATH", "SYSTEMROOT", "PYTHONHOME")
_ENVIRONMENT = {
    "PYTHONPATH": str(_ROOT),
    "PYTHONUTF8": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
    # Each thread's own heap would count as memory used.
    "MALLOC_ARENA_MAX": "2",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
}


class ProcessRetired(Exception):
    """The process ended for no fault of the request: it was idle, or made room for another."""


class SandboxProcess:
    """A running worker; use ``ProcessPool.start``.

    Raises:
        UploadError: it does not start.
    """

    def __init__(self, limits: Limits) -> None:
        self.lock = Lock()  # held while it answers
        self.last_used = time.monotonic()
        self._limits = limits
        self._is_late = False
        self._is_retired = False
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            self._popen = _spawn(folder, limits)
            # The empty folder is deleted once the process is up; it works in it all the same.
            self._await_greeting()

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._popen.pid

    def is_alive(self) -> bool:
        """Return whether the process runs."""
        return self._popen.poll() is None

    def exchange(self, message: Message, seconds: float, max_reply: int) -> Message:
        """Send a request and return the answer; whatever goes wrong ends the process.

        Raises:
            UploadError: the process came to an end, was late, or what it sent is no answer.
            ProcessRetired: it ended for another reason: ask a new one.
        """
        with self.lock:
            try:
                with self._clock(seconds):
                    write_message(cast(BinaryIO, self._popen.stdin), message)
                    reply = read_message(cast(BinaryIO, self._popen.stdout), max_reply)
            except (OSError, EOFError) as error:
                self.kill()
                raise self._explain(seconds) from error
            except WireError as error:
                self.kill()
                raise UploadError(
                    "The model's sandbox sent what is no answer, and was ended."
                ) from error
            except BaseException:  # half a message may be on its way: nothing fits any more
                self.kill()
                raise
            self.last_used = time.monotonic()
            return reply

    def retire(self) -> bool:
        """End the process unless it is answering; return whether it was ended."""
        if not self.lock.acquire(blocking=False):
            return False
        try:
            self._is_retired = True
            self.kill()
        finally:
            self.lock.release()
        return True

    def kill(self) -> None:
        """End the process and all that it may have started, now."""
        self.signal()
        self._popen.wait()
        for pipe in (self._popen.stdin, self._popen.stdout):
            with contextlib.suppress(OSError):  # what was not sent yet has nowhere to go
                cast(BinaryIO, pipe).close()

    def _await_greeting(self) -> None:
        try:
            with self._clock(START_SECONDS):
                read_message(cast(BinaryIO, self._popen.stdout), 0)
        except (OSError, EOFError, WireError) as error:
            self.kill()
            raise UploadError("The sandbox for uploaded models does not start here.") from error

    @contextlib.contextmanager
    def _clock(self, seconds: float) -> Iterator[None]:
        timer = Timer(seconds, self._end_late)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _end_late(self) -> None:
        # The thread that waits for the answer sees the pipe close, and clears up.
        self._is_late = True
        self.signal()

    def signal(self) -> None:
        """Have the system end the process, without waiting for it."""
        if self._popen.returncode is not None:
            return
        if sys.platform == "win32":
            self._popen.kill()
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._popen.pid, signal.SIGKILL)

    def _explain(self, seconds: float) -> Exception:
        code = self._popen.returncode
        if self._is_late:
            return UploadStopped(f"The model took longer than {seconds:g} seconds and was stopped.")
        if self._is_retired or code == 0:
            return ProcessRetired()
        if sys.platform != "win32" and code == -signal.SIGXCPU:
            return UploadStopped("The model used too much processor time and was stopped.")
        return UploadStopped(
            "The model made its sandbox crash and was stopped; it may need more than "
            f"{self._limits.memory_bytes / (1 << 30):g} GB of memory."
        )


def _spawn(folder: str, limits: Limits) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            # -P: the working directory is no place to import from.
            [sys.executable, "-P", "-m", _WORKER, json.dumps(asdict(limits))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            env=_ENVIRONMENT | {k: os.environ[k] for k in _INHERITED if k in os.environ},
            start_new_session=True,  # a group of its own, which can be killed as one
        )
    except OSError as error:
        raise UploadError("There is no room for another sandbox now: try again later.") from error


class ProcessPool:
    """Starts at most ``max_processes`` at a time; an idle one makes room for a new one."""

    def __init__(self, max_processes: int = MAX_PROCESSES) -> None:
        self._max_processes = max_processes
        self._lock = Lock()
        self._processes: list[SandboxProcess] = []

    def start(self, limits: Limits) -> SandboxProcess:
        """Return a new process.

        Raises:
            UploadError: all processes are at work, or it does not start.
        """
        with self._lock:
            self._make_room()
            process = SandboxProcess(limits)
            self._processes.append(process)
            return process

    def _make_room(self) -> None:
        self._processes = [process for process in self._processes if process.is_alive()]
        if len(self._processes) < self._max_processes:
            return
        for process in sorted(self._processes, key=lambda each: each.last_used):
            if process.retire():
                self._processes.remove(process)
                return
        raise UploadError(
            f"{self._max_processes} uploaded models are at work at the moment: "
            "try again in a minute."
        )
