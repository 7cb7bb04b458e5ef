"""A field of 28 x 28 pixels to draw on, with pointer or keyboard; see drawing_pad.js."""

from __future__ import annotations

import base64
import binascii
from typing import Any

import numpy as np

from dashboard import state
from dashboard.figures.base import create_figure
from dashboard.inference.preprocessing import Pixels

SIDE = 28

_draw = create_figure("views/gan/drawing_pad")


def draw_pad(key: str) -> Pixels | None:
    """Draw the field; return what was drawn, (28, 28) grey, None before the first stroke."""
    kept = f"{key}_drawn"

    def take() -> None:
        drawn = read_drawing(state.get(key, None))
        if drawn is not None:
            state.put(kept, drawn)

    _draw({"side": SIDE}, key, on_drawing_change=take)
    found: Pixels | None = state.get(kept, None)
    if found is not None:
        state.leave_out("your own drawing")
    return found


def read_drawing(value: Any) -> Pixels | None:
    """Return the pixels in what the browser sent, None if it is no drawing."""
    sent = getattr(value, "drawing", None)
    if not isinstance(sent, str) or len(sent) > 2 * SIDE * SIDE:
        return None
    try:
        content = base64.b64decode(sent, validate=True)
    except (binascii.Error, ValueError):
        return None
    if len(content) != SIDE * SIDE:
        return None
    return np.frombuffer(content, np.uint8).reshape(SIDE, SIDE).copy()
