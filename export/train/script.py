"""The one main behind every training script: its command line, and how it ends."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from export.artifact import FloorError
from export.datasets import DatasetError
from export.parity import ParityError
from export.train.options import Options, parse_options


def run_script(
    name: str,
    description: str | None,
    work: Callable[[Options], None],
    arguments: Sequence[str] | None = None,
    *,
    names: Sequence[str] = (),
) -> int:
    """Read the command line, do the work, return the exit status; what fails says why in a line.

    ``names`` are the networks of the family of which some may be chosen.
    """
    options = parse_options(name, description, arguments, names)
    try:
        work(options)
    except (DatasetError, FloorError, ParityError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0
