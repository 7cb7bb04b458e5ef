"""Giving up files and the network for good, where the kernel has Landlock.

A second wall behind the first: nothing that ONNX Runtime does by design opens a file, as every
tensor that lies in one is refused before. This holds also where a flaw in a parser is exploited.
Linux 5.13 or later; TCP from Linux 6.7. https://docs.kernel.org/userspace-api/landlock.html
"""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]

# The system calls have these numbers on every architecture.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION = 1  # the flag that asks for the interface's version
_PATH_BENEATH = 1
_SET_NO_NEW_PRIVS = 38

_EXECUTE, _READ_FILE, _READ_FOLDER = 1 << 0, 1 << 2, 1 << 3
_N_FILE_RIGHTS = {1: 13, 2: 14}
_N_FILE_RIGHTS_NOW = 15  # since version 3; later versions add rights that do not matter here
_TCP = 1 << 0 | 1 << 1  # bind and connect
_TCP_SINCE = 4

# Shared libraries, and the processor's description.
_SYSTEM = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/etc/ld.so.cache", "/proc", "/sys")
_CODE = ("dashboard/__init__.py", "dashboard/inference", "dashboard/uploads", "export")


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64))


class _PathBeneath(ctypes.Structure):
    _pack_ = 1  # as the kernel declares it
    _layout_ = "ms"
    _fields_ = (("allowed", ctypes.c_uint64), ("folder", ctypes.c_int32))


def give_up_files() -> bool:
    """Give up TCP and all files but Python, its packages, and this project's code, read-only.

    Only this thread and those that it starts later are bound: call it first. Returns whether the
    kernel could do it.
    """
    if not sys.platform.startswith("linux"):
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    version = libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _VERSION)
    if version < 1:
        return False
    has_tcp = version >= _TCP_SINCE
    n_rights = _N_FILE_RIGHTS.get(version, _N_FILE_RIGHTS_NOW)
    given_up = _Ruleset((1 << n_rights) - 1, _TCP if has_tcp else 0)
    size = ctypes.sizeof(_Ruleset) if has_tcp else ctypes.sizeof(ctypes.c_uint64)
    ruleset = libc.syscall(_CREATE_RULESET, ctypes.byref(given_up), ctypes.c_size_t(size), 0)
    if ruleset < 0:
        return False
    for path in _list_readable():
        _allow_reading(libc, ruleset, path)
    libc.prctl(_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    is_done = libc.syscall(_RESTRICT_SELF, ruleset, 0) == 0
    os.close(ruleset)
    return bool(is_done)


def _list_readable() -> set[str]:
    # Imports happen late. The repository itself holds more than code: only its code is readable.
    packages = {path for path in sys.path if path and Path(path).resolve() != ROOT}
    libraries = {f"{prefix}/lib" for prefix in (sys.base_prefix, sys.prefix)}
    return packages | libraries | {*_SYSTEM} | {str(ROOT / path) for path in _CODE}


def _allow_reading(libc: ctypes.CDLL, ruleset: int, path: str) -> None:
    try:
        opened = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:  # not on this system
        return
    rights = _READ_FILE | _EXECUTE | (_READ_FOLDER if Path(path).is_dir() else 0)
    rule = _PathBeneath(rights, opened)
    libc.syscall(_ADD_RULE, ruleset, _PATH_BENEATH, ctypes.byref(rule), 0)
    os.close(opened)
