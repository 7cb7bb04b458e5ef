"""Rebuild the whole zoo: ``python -m export.train``.

Every family in turn, each in a process of its own; what was finished or interrupted before goes on
from its checkpoint. A family that fails does not stop the others; the exit status tells. Scripts
that add figures to cards are run by themselves: ``cnn_converged`` (hours), ``recall_start``.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Family:
    """One script; ``minutes`` is what it took on two cores of a small server."""

    script: str
    what: str
    minutes: int


# In this order: the generators are judged by the CNN.
FAMILIES = (
    Family("cnn", "small CNN on Fashion-MNIST", 8),
    Family("vit", "small ViT on Fashion-MNIST", 12),
    Family("cnn_sweep", "39 small CNNs on training sets with one flaw each", 47),
    Family("text", "RNN, LSTM and Transformer on IMDB", 22),
    Family("recall", "RNN, LSTM and Transformer on recall over a distance", 10),
    Family("minilm", "MiniLM with its attention, exported as published", 1),
    Family("pronouns", "two resolvers of pronouns", 15),
    Family("gan", "generator and discriminator on Fashion-MNIST", 25),
    Family("diffusion", "denoiser on Fashion-MNIST", 42),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Train and export every family; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m export.train", description=__doc__)
    parser.add_argument("--tiny", action="store_true", help="a trial of minutes, without floors")
    parser.add_argument("--zoo", help="folder to write artifacts into")
    options = parser.parse_args(arguments)
    if not options.tiny:
        for family in FAMILIES:
            print(f"{family.minutes:4} min  {family.script:10} {family.what}")
        total = sum(family.minutes for family in FAMILIES)
        print(f"{total:4} min  in all, as measured on two cores; less on more")
    passed_on = ["--tiny"] * options.tiny + (["--zoo", options.zoo] if options.zoo else [])
    failed = []
    for family in FAMILIES:
        command = [sys.executable, "-m", f"export.train.{family.script}", *passed_on]
        if subprocess.run(command, check=False).returncode:
            failed.append(family.script)
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
