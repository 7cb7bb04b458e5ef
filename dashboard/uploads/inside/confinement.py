"""What a sandboxed process may use, decided before it sees the first uploaded byte.

Works fully on Linux. Elsewhere the limits that the system knows apply: macOS has those of time,
files and open files but does not enforce the one of memory; Windows has none, and only the app's
own clock, which kills the process, bounds it.
"""

from __future__ import annotations

import contextlib

from dashboard.uploads.limits import Limits

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

# More than a session of ONNX Runtime, its libraries and two pipes need.
MAX_OPEN_FILES = 64


def confine(limits: Limits) -> None:
    """Bound this process's memory, files and processor time, for good.

    Processes and threads are not counted: RLIMIT_NPROC counts those of the user together, so any
    figure would depend on what else the user runs.
    """
    if resource is None:
        return
    hard = {
        resource.RLIMIT_AS: limits.memory_bytes,
        resource.RLIMIT_FSIZE: 0,  # no file may be written, wherever the path leads
        resource.RLIMIT_CORE: 0,  # a crash must not leave the upload on the disk
        resource.RLIMIT_NOFILE: MAX_OPEN_FILES,
        resource.RLIMIT_CPU: limits.lifetime_cpu_seconds,
    }
    for which, value in hard.items():
        with contextlib.suppress(ValueError, OSError):  # macOS refuses some
            resource.setrlimit(which, (value, value))


def limit_next_request(seconds: float, threads: int) -> bool:
    """Let the next request use ``seconds`` of every thread; the system kills what goes beyond.

    The app's own clock is faster; this one counts also where the app is stuck or gone. Returns
    False where so much of the lifetime is used up that a new process should answer.
    """
    if resource is None:
        return True
    usage = resource.getrusage(resource.RUSAGE_SELF)
    used = usage.ru_utime + usage.ru_stime
    soft = int(used + seconds * (threads + 1)) + 1
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    if hard != resource.RLIM_INFINITY:
        if soft >= hard and used > hard / 2:
            return False
        soft = min(soft, hard - 1)  # at the hard limit the signal would not say why
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))
    return True
