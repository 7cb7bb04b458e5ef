"""One corruption: its severities scrubbed in the browser, with answer and map; then all of them."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence

import numpy as np
import streamlit as st
from PIL import Image

from dashboard.attribution import METHODS, get_method
from dashboard.attribution.base import Method
from dashboard.cache import get_store
from dashboard.channel_pictures import encode_url
from dashboard.figures.base import Control
from dashboard.figures.map_sequence import (
    Frame,
    MapSequence,
    Measure,
    Panel,
    Series,
    draw_map_sequence,
)
from dashboard.inference.counts import tell_share
from dashboard.inference.model import Floats
from dashboard.inference.preprocessing import Pixels
from dashboard.inference.sight import Sight
from dashboard.limits.agreement import compute_rank_correlation
from dashboard.limits.corruption_grid import Cell, CorruptedView, compute_grid, compute_steps
from dashboard.limits.maps import encode_heat
from dashboard.parsing import parse_option
from dashboard.stress import CORRUPTIONS, get_corruption, list_corruptions
from dashboard.stress.base import Corruption
from dashboard.views.shift.corruption_grid import GridCell, GridRow, draw_grid
from dashboard.widgets.on_demand import compute_on_demand
from dashboard.widgets.option_select import select_option, switch

CORRUPTION, METHOD, EXTRA = "shift.corruption", "shift.method", "shift.all"
DEFAULT = "fog"
TRIVIAL = "edges"
FIRST_SEVERITY = 3
_QUICK = ("grad_cam", "saliency", "input_x_gradient", "integrated_gradients", "occlusion")
_TILE, _QUALITY = 160, 80  # pixels, JPEG: 95 tiles in about half a megabyte

_MEASURE = Measure(
    "Probability and likeness",
    "Probability of the first answer; and Spearman's correlation of each map with the untouched "
    "picture's map (1 the same order of pixels, 0 unrelated). Edges (trivial) asks no network.",
    -0.5,
    1,
)


def select_corruption(sight: Sight) -> Corruption:
    """Draw the choice of a corruption; a field of the URL."""
    offered = [each.name for each in list_corruptions(sight.is_grey)]
    name = select_option(CORRUPTION, "Corruption", DEFAULT, offered, _name_corruption)
    return get_corruption(name)


_NAMES = tuple(each.name for each in CORRUPTIONS)
_CORRUPTION = Control(CORRUPTION, DEFAULT, parse_option(_NAMES))


def _name_corruption(name: str) -> str:
    corruption = get_corruption(name)
    return f"{corruption.group}: {corruption.label}"


def select_map(sight: Sight) -> Method | None:
    """Draw the choice of a method that is quick on this network; None if there is none."""
    names = [
        each.name
        for each in METHODS
        if each.name in _QUICK
        and each.is_compatible(sight.model) is None
        and (sight.is_light or each.name != "occlusion")
    ]
    if not names:
        return None
    default = next(name for name in _QUICK if name in names)
    name = select_option(METHOD, "Map", default, names, lambda each: get_method(each).label)
    return get_method(name)


def draw_steps(sight: Sight, corruption: Corruption, method: Method | None) -> None:
    """Draw picture, answer and map at severities 0 to 5."""
    methods = [get_method(TRIVIAL)] if method is None else [method, get_method(TRIVIAL)]
    names = [each.name for each in methods]
    sequence = compute_on_demand(
        "steps",
        sight.make_key("steps", corruption.name, *names),
        "Corrupt the picture",
        lambda move: _create_sequence(
            sight, corruption, methods, compute_steps(sight, corruption, methods, move)
        ),
        at_once=True,
        store=get_store(sight),
    )
    if sequence is not None:
        draw_map_sequence(sequence, "shift.severity")


def _create_sequence(
    sight: Sight, corruption: Corruption, methods: Sequence[Method], steps: Sequence[CorruptedView]
) -> MapSequence:
    photos = [encode_url(step.view) for step in steps]
    label = sight.labels[sight.target]
    panels = [Panel("What the network sees")]
    series = [
        Series(f"Probability of {label}", _series([float(s.probs[sight.target]) for s in steps]))
    ]
    for method in methods:
        title = f"{method.label} (trivial)" if method.is_baseline else method.label
        heats = [step.heats[method.name] for step in steps]
        overlays = [encode_heat(heat, method.is_signed) for heat in heats]
        panels.append(Panel(title, overlays, [f"for {label}"]))
        first = heats[0]
        likeness = [
            None if first is None or heat is None else _correlate(first, heat) for heat in heats
        ]
        series.append(Series(title, _series(likeness)))
    return MapSequence(
        name=f"shift {corruption.name} {sight.identity}",
        axis="severity",
        frames=[_describe(sight, corruption, step) for step in steps],
        photos=photos,
        panels=panels,
        measures=[_MEASURE],
        series=series,
        first=FIRST_SEVERITY,
        is_small=sight.is_small,
        signed=[method.is_signed for method in methods],
    )


def _correlate(first: Floats, heat: Floats) -> float | None:
    value = compute_rank_correlation(first, heat)
    return None if np.isnan(value) else round(value, 4)


def _series(values: Sequence[float | None]) -> dict[str, Sequence[float | None]]:
    return {_MEASURE.name: values}


def _describe(sight: Sight, corruption: Corruption, step: CorruptedView) -> Frame:
    answer = int(step.probs.argmax())
    told = sight.describe(answer, step.probs[answer])
    if step.severity == 0:
        return Frame("untouched", f"The network says {told}.")
    kept = "still" if answer == sight.target else "now"
    first = (
        ""
        if answer == sight.target
        else (
            f" {sight.labels[sight.target]}, the first answer, is left with "
            f"{tell_share(step.probs[sight.target])}."
        )
    )
    return Frame(f"severity {step.severity} of 5", f"The network {kept} says {told}.{first}")


def draw_all(sight: Sight) -> None:
    """Draw the grid of all corruptions and severities; a light network needs no button."""
    is_all = switch(EXTRA, "Also the shifts that are not in ImageNet-C")
    offered = list_corruptions(sight.is_grey)
    chosen = offered if is_all else [each for each in offered if each.suite != "ours"]
    rows = compute_on_demand(
        "grid",
        sight.make_key("grid", len(chosen)),
        f"Try all {len(chosen)} corruptions at 5 severities",
        lambda move: _create_rows(sight, compute_grid(sight, chosen, move)),
        at_once=not sight.is_own,
        store=get_store(sight),
    )
    if rows is None:
        return
    label = sight.labels[sight.target]
    draw_grid(rows, label, sight.is_small, _CORRUPTION)
    cells = [cell for row in rows for cell in row.cells]
    held = sum(cell.is_held for cell in cells)
    worst = min(rows, key=lambda row: sum(cell.probability for cell in row.cells))
    st.markdown(
        f"**{label}** stays the answer in **{held} of {len(cells)}** pictures "
        f"({tell_share(held / len(cells))}); **{worst.title.lower()}** costs it most. "
        "One picture is an anecdote: *Accuracy and calibration* measures what holds on many."
    )


def _create_rows(sight: Sight, cells: Sequence[Cell]) -> list[GridRow]:
    rows = []
    for name in dict.fromkeys(cell.corruption for cell in cells):
        corruption = get_corruption(name)
        tiles = [
            GridCell(
                probability=round(cell.probability, 4),
                told=sight.describe(cell.answer, cell.answer_probability),
                is_held=cell.answer == sight.target,
                picture=encode_tile(cell.view),
            )
            for cell in cells
            if cell.corruption == name
        ]
        rows.append(GridRow(name, corruption.label, corruption.group, tiles))
    return rows


def encode_tile(view: Pixels) -> str:
    """Return a picture (H, W, 3) as a light data URL: PNG when small, else a JPEG of 160 px."""
    if max(view.shape[:2]) <= _TILE:
        return encode_url(view)
    image = Image.fromarray(view)
    image.thumbnail((_TILE, _TILE), Image.Resampling.BILINEAR)
    buffer = io.BytesIO()
    image.save(buffer, format="JPEG", quality=_QUALITY)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()
