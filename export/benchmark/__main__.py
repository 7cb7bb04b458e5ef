"""How fast, and how large, next to Captum on torch: ``python -m export.benchmark``.

Every figure is a ratio of two things measured in turns in one run, because absolute times belong
to one machine and one hour. "torch" is eager mode on the same weights, "channels-last" the same in
torch's faster memory layout, "ONNX" what the page runs. A ratio of 2.0x means that ONNX takes half
the time. Times are CPU seconds of the whole process on one thread (``--threads 1``, which a busy
machine disturbs little), else wall seconds.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import torch

from export.benchmark import gradients, lite0, memory


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(prog="python -m export.benchmark", description=__doc__)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="", help="tasks whose name holds this text")
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    lite0.print_table(options.threads, options.rounds, options.only)
    gradients.print_table(options.threads, options.rounds, options.only)
    if options.only in "memory":
        memory.print_table()


if __name__ == "__main__":
    main()
