"""A polynomial of rising degree through the same samples, scrubbed; see degree_player.js."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dashboard.figures.base import Control, create_figure
from dashboard.parsing import parse_option

_draw = create_figure("views/fundamentals/degree_player")


def draw_degrees(scene: Mapping[str, Any]) -> None:
    """Draw the scene of ``dashboard.learning.frames.create_fit_scene``."""
    degree = Control("fit.degree", 1, parse_option([fit["degree"] for fit in scene["fits"]]))
    _draw(scene, "degrees", {"degree": degree})
