"""A sandboxed process that was taken over: it greets well, and then sends what it is told to.

Started by tests in place of ``dashboard.uploads.inside.process``; a request's "lie" says what.
"""

import json
import pickle
import struct
import sys
import time

import numpy as np

from dashboard.uploads.sandbox_wire import Message, read_message, write_message


def frame(header: bytes) -> bytes:
    return struct.pack(">I", len(header)) + header


def declare(dtype: str, shape: list[int]) -> bytes:
    return frame(json.dumps({"arrays": [{"dtype": dtype, "shape": shape}]}).encode())


LIES = {
    "garbage": b"\xff" * 64,
    "pickle": frame(pickle.dumps({"arrays": []})),
    "list": frame(b"[1, 2]"),
    "nesting": frame(b"[" * 100_000),
    "header": struct.pack(">I", 1 << 31),
    "array": declare("float32", [1 << 30, 1 << 30]),
    "negative": declare("float32", [-1]),
    "objects": declare("object", [1]),
    "axes": declare("float32", [1] * 100),
}


def main() -> None:
    write_message(sys.stdout.buffer, Message({"ready": True}))
    while True:
        lie = read_message(sys.stdin.buffer, 1 << 30).header["lie"]
        if lie == "silence":
            time.sleep(600)
        elif lie == "markup":
            error = "![](https://example.org/x.png) <img src=x> **" + "x" * 10_000
            write_message(sys.stdout.buffer, Message({"error": error}))
        elif lie == "three numbers":
            write_message(sys.stdout.buffer, Message({}, (np.zeros(3, np.float32),)))
        else:
            sys.stdout.buffer.write(LIES[lie])
            sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
