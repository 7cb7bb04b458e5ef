"""The command line that every training script has."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from export.artifact import ZOO
from export.train.checkpoint import CHECKPOINTS, Checkpoint


@dataclass(frozen=True)
class Options:
    """``tiny``: a few steps on few examples, without floors, to try a whole script in seconds."""

    seed: int
    data: Path | None
    checkpoints: Path
    zoo: Path
    tiny: bool
    names: tuple[str, ...]

    def open_checkpoint(self, name: str) -> Checkpoint:
        """Return where the run of this name is kept, and goes on from."""
        return Checkpoint(self.checkpoints / f"{name}.pt")


def parse_options(
    script: str, description: str | None, arguments: Sequence[str] | None, names: Sequence[str] = ()
) -> Options:
    """Read the command line of a training script, of whose ``names`` some may be chosen."""
    parser = argparse.ArgumentParser(
        prog=f"python -m export.train.{script}", description=description
    )
    if names:
        parser.add_argument("names", nargs="*", metavar="NAME", help=f"of: {', '.join(names)}")
    parser.add_argument("--seed", type=int, default=0, help="of every random choice")
    parser.add_argument("--data", type=Path, help="folder of the data set, if not the usual one")
    parser.add_argument("--checkpoints", type=Path, default=CHECKPOINTS, help="where runs resume")
    parser.add_argument("--zoo", type=Path, default=ZOO, help="folder to write artifacts into")
    parser.add_argument("--tiny", action="store_true", help="a trial of seconds, without floors")
    parsed = parser.parse_args(arguments)
    chosen = tuple(getattr(parsed, "names", ()) or names)
    for name in chosen:
        if name not in names:
            parser.error(f"there is no {name}: choose from {', '.join(names)}")
    # A trial must not go on where a real run stopped, nor the other way round.
    checkpoints = parsed.checkpoints / "tiny" if parsed.tiny else parsed.checkpoints
    return Options(parsed.seed, parsed.data, checkpoints, parsed.zoo, parsed.tiny, chosen)
