"""A small network learning, step by step, with a number on every edge; see network_player.js."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dashboard.figures.base import Control, create_figure
from dashboard.parsing import parse_whole

N_PHASES = 4  # of a step: forward, loss, backward, update

_draw = create_figure("views/fundamentals/network_player")


def draw_network(scene: Mapping[str, Any]) -> None:
    """Draw the scene of ``dashboard.learning.frames.create_network_scene``.

    One point's passes are made in the browser from the frame's weights, so that any point can be
    opened; the gradients of all points come with the frame.
    """
    controls = {
        "step": Control("net.step", 0, parse_whole(0, len(scene["frames"]) - 1)),
        "phase": Control("net.phase", 0, parse_whole(0, N_PHASES - 1)),
        "point": Control("net.point", 0, parse_whole(0, len(scene["points"]) - 1)),
    }
    _draw(scene, "network", controls)
