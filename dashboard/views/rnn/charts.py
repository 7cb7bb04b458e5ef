"""Charts of the page on memory: what fades over distance."""

from __future__ import annotations

from collections.abc import Mapping

from dashboard.charts import (
    BLUE,
    GREEN,
    GREY,
    LEGEND,
    LOGARITHMIC,
    ORANGE,
    Spec,
    create_frame,
    create_layer,
    encode_number,
    tell_apart,
)

_DASHES = ([6, 4], [1, 0], [2, 2])
_SMALLEST = 1e-12  # below it a norm is drawn at the floor: a logarithmic axis has no zero


def plot_over_distance(
    lines: Mapping[str, Mapping[int, float]],
    x_title: str,
    y_title: str,
    *,
    is_logarithmic: bool,
    floor: float | None = None,
) -> Spec:
    """Return a line a network over a logarithmic distance; at most three networks.

    ``floor`` draws a dashed level, such as chance. Distances of 0 are left out.
    """
    names = list(lines)
    rows = [
        {"network": name, "distance": distance, "value": max(value, _SMALLEST)}
        if is_logarithmic
        else {"network": name, "distance": distance, "value": value}
        for name, line in lines.items()
        for distance, value in line.items()
        if distance > 0
    ]
    told = "; ".join(
        f"{name}: {line[min(d for d in line if d > 0)]:.3g} at first, {line[max(line)]:.3g} at last"
        for name, line in lines.items()
    )
    scale = LOGARITHMIC if is_logarithmic else {"domain": [0, 100]}
    axis = {"title": y_title, "tickCount": 5, **({"format": ".0e"} if is_logarithmic else {})}
    encoding = {
        "x": encode_number(
            "distance",
            scale={"type": "log", "base": 2},
            axis={"title": x_title, "values": [1, 2, 4, 8, 16, 32, 64, 128, 256]},
        ),
        "y": encode_number("value", scale=scale, axis=axis),
        **tell_apart(
            "network", names, {**LEGEND, "symbolType": "stroke"}, color=(ORANGE, BLUE, GREEN)
        ),
        **tell_apart("network", names, None, strokeDash=_DASHES),
    }
    layers = [
        create_layer("line", encoding, point={"size": 45}, strokeWidth=2.5, tooltip=True),
    ]
    if floor is not None:
        level = {"y": encode_number("level")}
        layers.append(
            create_layer("rule", level, [{"level": floor}], strokeDash=[4, 4], color=GREY)
        )
    return {
        **create_frame(f"{y_title} by {x_title}. {told}.", 280),
        "data": {"values": rows},
        "layer": layers,
    }
