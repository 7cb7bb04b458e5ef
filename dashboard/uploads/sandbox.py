"""The app's side of the sandbox: where uploaded graphs are parsed and run, and nowhere else.

The process works in an empty folder that is deleted at once, with a bare environment, within the
limits of ``inside.confinement`` and behind ``inside.landlock``. Every request is bounded by the
app's own clock, beyond which the process's whole group is killed. Nothing is written to a disk.
What the process answers is checked like any other input from outside.
"""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from threading import Lock
from typing import Any

from numpy.typing import NDArray

from dashboard.uploads.limits import Limits
from dashboard.uploads.sandbox_process import ProcessPool, ProcessRetired, SandboxProcess
from dashboard.uploads.sandbox_wire import Header, Message, UploadError, clean_text

MAX_KEPT_BYTES = 1 << 30  # uploads in memory, of all visitors together

SMALL_REPLY = 1 << 20

_POOL = ProcessPool()


class Sandbox:
    """A process that answers requests, started when it is needed and again when it has ended.

    Requests sent with ``keep=True`` are sent again to every new process, so that it knows what the
    one before knew. May be used from several threads; requests are answered one at a time. The
    process ends with this object.
    """

    def __init__(self, limits: Limits | None = None, pool: ProcessPool = _POOL) -> None:
        self.limits = limits or Limits()
        self._pool = pool
        self._lock = Lock()
        self._kept: list[tuple[Message, float]] = []
        self._holdings = _Holdings()
        self._is_closed = False
        weakref.finalize(self, self._holdings.abandon)

    def call(
        self,
        header: Header,
        arrays: Sequence[NDArray[Any]] = (),
        *,
        seconds: float | None = None,
        max_reply: int = SMALL_REPLY,
        keep: bool = False,
    ) -> Message:
        """Send a request and return the answer, whose arrays hold at most ``max_reply`` bytes.

        Raises:
            UploadError: the process refused, took longer than ``seconds``, or came to an end.
        """
        seconds = self.limits.seconds if seconds is None else seconds
        message = Message({**header, "seconds": seconds}, tuple(arrays))
        with self._lock:
            if self._is_closed:
                raise UploadError("This model was closed: upload it again.")
            try:
                reply = self._send(message, seconds, max_reply)
                if keep:
                    self._holdings.take(_count_bytes(message))
                    self._kept.append((message, seconds))
            finally:
                if self._is_closed:  # meanwhile
                    self._clear()
        return reply

    def forget(self, n_kept: int) -> None:
        """Keep only the first ``n_kept`` of the kept requests for processes to come."""
        with self._lock:
            for message, _ in self._kept[n_kept:]:
                self._holdings.take(-_count_bytes(message))
            del self._kept[n_kept:]

    def close(self) -> None:
        """End the process and forget everything that was uploaded.

        This waits for no request: one that is being answered ends with its process, and clears up.
        """
        self._is_closed = True
        self._holdings.abandon()
        if self._lock.acquire(blocking=False):
            try:
                self._clear()
            finally:
                self._lock.release()

    def _clear(self) -> None:
        self._kept.clear()
        self._holdings.end_process()
        self._holdings.abandon()

    @property
    def pid(self) -> int | None:
        """The id of the process while it runs."""
        process = self._holdings.process
        return process.pid if process is not None and process.is_alive() else None

    def _send(self, message: Message, seconds: float, max_reply: int) -> Message:
        try:
            return self._exchange(message, seconds, max_reply)
        except ProcessRetired:
            # It ended at this very moment, idle or to make room for another: a new one will not.
            try:
                return self._exchange(message, seconds, max_reply)
            except ProcessRetired:
                raise UploadError("The sandbox is very busy: try again in a minute.") from None

    def _exchange(self, message: Message, seconds: float, max_reply: int) -> Message:
        reply = self._revive().exchange(message, seconds, max_reply)
        if "error" in reply.header:
            raise UploadError(clean_text(reply.header["error"]))
        return reply

    def _revive(self) -> SandboxProcess:
        """Return a process that knows all that was kept."""
        process = self._holdings.process
        if process is not None and process.is_alive():
            return process
        self._holdings.end_process()
        process = self._holdings.process = self._pool.start(self.limits)
        for message, seconds in self._kept:
            process.exchange(message, seconds, SMALL_REPLY)
        return process


def _count_bytes(message: Message) -> int:
    return sum(array.nbytes for array in message.arrays)


# Bytes of uploads by what holds them; setting and deleting a key needs no lock.
_HELD: dict[int, int] = {}


class _Holdings:
    """What a sandbox holds, apart from it, so that it can be let go when the sandbox is gone."""

    def __init__(self) -> None:
        self.process: SandboxProcess | None = None
        self._n_bytes = 0

    def take(self, n_bytes: int) -> None:
        """Count bytes; raises UploadError if all visitors together would hold too many."""
        if sum(list(_HELD.values())) + n_bytes > MAX_KEPT_BYTES:
            raise UploadError("Too many models are open at the moment: try again later.")
        self._n_bytes += n_bytes
        _HELD[id(self)] = self._n_bytes

    def end_process(self) -> None:
        """End the process, if there is one."""
        if self.process is not None:
            self.process.kill()
        self.process = None

    def abandon(self) -> None:
        """Let everything go without waiting: the garbage collector may call this anywhere."""
        _HELD.pop(id(self), None)
        if self.process is not None:
            self.process.signal()
