"""An uploaded file in its sandbox: checked, described, run as it is."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from dashboard.inference.model import Floats
from dashboard.inference.providers import count_threads
from dashboard.uploads.detection import Detected, detect
from dashboard.uploads.evidence import Progress
from dashboard.uploads.inspection import MAX_BYTES, parse_inspection
from dashboard.uploads.limits import Limits
from dashboard.uploads.sandbox import Sandbox
from dashboard.uploads.sandbox_wire import Header, Message, UploadError, UploadStopped
from dashboard.uploads.spec import InputSpec, Pixels

MAX_THREADS = 4

# The app's clock for one request, as multiples of ``Limits.seconds``: reading 100 MB and writing
# a gradient graph of it take longer than a run.
CHECK_TIMES, OPEN_TIMES, DIFFERENTIATE_TIMES = 2, 2, 3
_DEFAULT_LIMITS = Limits(seconds=30.0)

# How many inputs of 224 x 224 pixels run at once, and fewer of larger ones.
PREDICT_CHUNK = 8
_CHUNK_PIXELS = 224 * 224

_MAX_REPLY = 1 << 29


def count_at_once(spec: InputSpec, at_224: int) -> int:
    """Return how many inputs to run at once if ``at_224`` of 224 x 224 pixels are right."""
    return max(1, at_224 * _CHUNK_PIXELS // max(spec.height * spec.width, _CHUNK_PIXELS))


class UploadedFile:
    """An ONNX file that a visitor sent. Its bytes stay in memory until ``close``.

    Raises:
        UploadError: it breaks a rule; see ``checks``.
    """

    def __init__(self, data: bytes, limits: Limits | None = None) -> None:
        if len(data) > MAX_BYTES:
            raise UploadError(
                f"The file has {len(data) / (1 << 20):.0f} MB: at most {MAX_BYTES >> 20} MB are "
                "taken."
            )
        self.sha256 = hashlib.sha256(data).hexdigest()
        self.size = len(data)  # bytes
        self._data, self._n_changes = data, 0
        limits = limits or replace(_DEFAULT_LIMITS, threads=min(count_threads(), MAX_THREADS))
        self.sandbox = Sandbox(limits)
        self._runs_one_by_one = False
        file = np.frombuffer(data, np.uint8)
        try:
            self.inspection = parse_inspection(self.ask({"do": "inspect"}, CHECK_TIMES, file))
        except BaseException:
            self.close()
            raise

    def detect(self, photos: Sequence[Pixels], progress: Progress) -> Detected:
        """Find out how the network wants its photos; see ``detection.detect``.

        Raises:
            UploadError: it runs on no photo, or is no classifier.
        """
        self.open(with_statistics=bool(self.inspection.norms))
        return detect(self.inspection, self.run, photos, progress)

    def open(self, with_statistics: bool = False) -> None:
        """Make the network ready to run, in place of what was made ready before."""
        self._forget_openings()
        self.ask({"do": "open", "statistics": with_statistics}, OPEN_TIMES)

    def copy(self) -> UploadedFile:
        """Return the same file, untouched, in a sandbox of its own.

        Raises:
            UploadError: too many are open.
        """
        return UploadedFile(self._data, self.sandbox.limits)

    def change(self, header: Header) -> None:
        """Change the network itself; it must be opened again."""
        self._forget_openings()
        self.ask(header, OPEN_TIMES)
        self._n_changes += 1

    def _forget_openings(self) -> None:
        self.sandbox.forget(1 + self._n_changes)  # all but the file and what was changed in it

    def ask_once(self, header: Header) -> Message:
        """Send a request that changes nothing."""
        return self.sandbox.call(header)

    def ask(self, header: Header, times: int, *arrays: Pixels) -> Message:
        """Send a request that every later process must know of as well."""
        seconds = times * self.sandbox.limits.seconds
        return self.sandbox.call(header, arrays, seconds=seconds, keep=True)

    def run(self, spec: InputSpec, inputs: Floats, names: Sequence[str]) -> list[Floats]:
        """Return the outputs called ``names`` of inputs (N, C, H, W), each (N, ...), unchecked.

        Raises:
            UploadError: the network cannot be run on them.
        """
        at_once = 1 if self._runs_one_by_one else count_at_once(spec, PREDICT_CHUNK)
        try:
            return self._run_chunks(spec, inputs, names, at_once)
        except UploadStopped:
            raise
        except UploadError:
            if at_once == 1 or len(inputs) == 1:
                raise
        # The file says that it takes any number of images, and does not.
        results = self._run_chunks(spec, inputs, names, 1)
        self._runs_one_by_one = True
        return results

    def _run_chunks(
        self, spec: InputSpec, inputs: Floats, names: Sequence[str], at_once: int
    ) -> list[Floats]:
        parts = []
        for start in range(0, len(inputs), at_once):
            chunk = spec.to_graph(inputs[start : start + at_once])
            header = {"do": "run", "graph": "original", "inputs": [spec.name]}
            reply = self.sandbox.call(
                {**header, "outputs": list(names)}, [chunk], max_reply=_MAX_REPLY
            )
            parts.append(check_arrays(reply, len(names), len(chunk)))
        return [np.concatenate(outputs) for outputs in zip(*parts, strict=True)]

    def close(self) -> None:
        """End the sandbox and forget the file."""
        self.sandbox.close()
        self._data = b""


def check_arrays(reply: Message, n_arrays: int, n_rows: int) -> list[Floats]:
    """Return the arrays of an answer, each with one row for each input.

    Raises:
        UploadError: there are others.
    """
    arrays = list(reply.arrays)
    if len(arrays) != n_arrays or any(array.dtype != np.float32 for array in arrays):
        raise UploadError("The sandbox sent other values than it was asked for.")
    if any(array.ndim == 0 or len(array) != n_rows for array in arrays):
        raise UploadError("The network does not give one answer for each image of a batch.")
    return arrays
