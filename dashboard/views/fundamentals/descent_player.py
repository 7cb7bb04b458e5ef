"""A walk down a loss surface, scrubbed step by step; see descent_player.js."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dashboard.figures.base import Control, Controls, create_figure
from dashboard.parsing import parse_switch, parse_whole

_draw = create_figure("views/fundamentals/descent_player")


def draw_descent(scene: Mapping[str, Any], start: Controls, of: str) -> None:
    """Draw the scene of ``dashboard.learning.frames.create_descent_scene``, a walk called ``of``.

    A click on the map moves ``start``, the controls "x" and "y".
    """
    last = len(scene["path"]) - 1
    controls = {
        "step": Control("descent.step", last, parse_whole(0, last), of=of),
        "is_blind": Control("descent.blind", False, parse_switch),
        **start,
    }
    _draw(scene, "descent_map", controls)
