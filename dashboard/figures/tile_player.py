"""Pictures that form step by step, leafed through in the browser; see tile_player.js."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from dashboard.figures.base import Control, create_figure
from dashboard.parsing import parse_whole

_draw = create_figure("figures/tile_player")


@dataclass(frozen=True)
class Panel:
    """A picture a frame: ``sprite`` is one row of ``tiles`` tiles; one tile serves all frames."""

    title: str
    sprite: str
    tiles: int


@dataclass(frozen=True)
class Row:
    """Panels side by side, a sentence a frame, and a line of the chart in [0, 1] (may be empty)."""

    title: str
    panels: Sequence[Panel]
    notes: Sequence[str]
    line: Sequence[float]


@dataclass(frozen=True)
class Player:
    """All that is scrubbed, from the frame ``start`` on; another ``identity`` starts there again.

    ``axis`` names the slider, ``chart`` says what the lines are, ``frames`` are the frames' names.
    """

    identity: str
    axis: str
    chart: str
    frames: Sequence[str]
    rows: Sequence[Row]
    start: int


def draw_player(player: Player, key: str) -> None:
    """Draw the player; in the link ``key`` is the frame, counted from 0."""
    last = len(player.frames) - 1
    frame = Control(key, player.start, parse_whole(0, last), of=player.identity)
    _draw(asdict(player), f"{key}_figure", {"frame": frame})
