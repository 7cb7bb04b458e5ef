"""The sandboxed process: answers requests about one uploaded file until its input is closed.

Run by ``sandbox_process`` as ``python -P -m dashboard.uploads.inside.process LIMITS``. It decides
nothing: it checks, describes and runs the graph, and the app judges what comes back.
"""

from __future__ import annotations

import json
import os
import queue
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from dashboard.uploads.inside.confinement import confine, limit_next_request
from dashboard.uploads.inside.landlock import give_up_files
from dashboard.uploads.limits import Limits
from dashboard.uploads.sandbox_wire import Message, UploadError, read_message, write_message

MAX_REQUEST_BYTES = 1 << 30

Answer = Callable[[Message], Message]


def main() -> None:
    """Serve until the app closes the pipe, dies, or has asked nothing for a while."""
    limits = Limits(**json.loads(sys.argv[1]))
    output = _take_over_stdout()
    _volunteer_for_the_oom_killer()
    give_up_files()
    confine(limits)
    from dashboard.uploads.inside.worker import Worker  # brings onnx: inside the limits

    worker = Worker(limits)
    inbox: queue.SimpleQueue[Message] = queue.SimpleQueue()
    threading.Thread(target=_read_forever, args=(inbox,), daemon=True).start()
    write_message(output, Message({"ready": True}))
    while True:
        try:
            message = inbox.get(timeout=limits.idle_seconds)
        except queue.Empty:
            _leave()
        if not limit_next_request(float(message.header["seconds"]), limits.threads):
            _leave()
        write_message(output, _answer(worker.answer, message, limits))


def _answer(answer: Answer, message: Message, limits: Limits) -> Message:
    try:
        return answer(message)
    except UploadError as error:
        return Message({"error": str(error)})
    except MemoryError:
        size = f"{limits.memory_bytes / (1 << 30):g} GB"
        return Message({"error": f"The model needs more memory than the {size} it may use."})
    except Exception as error:  # a flaw of ours, or a graph that no library foresaw
        return Message({"error": f"The model could not be run: {type(error).__name__}: {error}"})


def _read_forever(inbox: queue.SimpleQueue[Message]) -> None:
    """Notice at once when the app is gone, also in the middle of a request."""
    try:
        while True:
            inbox.put(read_message(sys.stdin.buffer, MAX_REQUEST_BYTES))
    finally:
        _leave()


def _leave() -> None:
    os._exit(0)  # at once: a thread of ONNX Runtime may be in an endless loop


def _take_over_stdout() -> BinaryIO:
    """Return the pipe to the app; what libraries print goes nowhere."""
    output = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    return output


def _volunteer_for_the_oom_killer() -> None:
    """Where memory runs short, the system shall end this process rather than the app."""
    try:
        Path("/proc/self/oom_score_adj").write_text("1000")
    except OSError:  # not Linux
        return


if __name__ == "__main__":
    main()
