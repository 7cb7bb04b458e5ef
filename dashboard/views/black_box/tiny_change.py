"""Changes too small to see: maps that drift, and an adversarial twin with another label."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import streamlit as st

from dashboard.attribution import get_method
from dashboard.attribution.base import Method, Question, ask_about
from dashboard.attribution.fill import create_fill
from dashboard.attribution.params import compute_defaults
from dashboard.cache import get_store
from dashboard.channel_pictures import encode_url
from dashboard.faithfulness.infidelity import (
    DEFAULT_N_SQUARES,
    Removals,
    compute_infidelity,
    compute_removals,
)
from dashboard.faithfulness.max_sensitivity import (
    DEFAULT_N_SAMPLES,
    DEFAULT_RADIUS,
    compute_max_sensitivity,
)
from dashboard.figures.map_sequence import (
    Frame,
    MapSequence,
    Panel,
    Series,
    create_likeness,
    draw_map_sequence,
)
from dashboard.inference.model import Floats
from dashboard.inference.preprocessing import Pixels, to_pixels
from dashboard.inference.sight import Sight
from dashboard.limits.drift import KINDS, Kind, Twin, compute_twins
from dashboard.limits.maps import compare_maps, encode_heat
from dashboard.uploads.sandbox_wire import UploadStopped
from dashboard.widgets.on_demand import Move, compute_on_demand
from dashboard.widgets.option_select import select_option

KIND = "box.change"
MEASURES = create_likeness("the unchanged picture's map")
_NAMES = {
    "random": "random: each pixel up or down by a coin",
    "fgsm": "aimed at the network, one step (FGSM)",
    "pgd": "aimed at the network, ten steps (PGD)",
}
_MIDDLE = 64  # pixels a side of the change that is shown: all of them would be a grey mist
_TRIVIAL = ("random", "intensity")

Row = tuple[str, float, float]


def draw_tiny_change(sight: Sight, methods: Sequence[Method]) -> None:
    """Draw the twins of the picture under growing change, then two numbers for every map."""
    kind: Kind = select_option(KIND, "The change", KINDS[0], KINDS, lambda each: _NAMES[each])
    names = [method.name for method in methods]
    found = compute_on_demand(
        "tiny",
        sight.make_key("tiny", kind, *names),
        "Change the picture by next to nothing",
        lambda move: _compute(sight, methods, kind, move),
        at_once=sight.is_light,
        store=get_store(sight),
    )
    if found is not None:
        sequence, sentence = found
        draw_map_sequence(sequence, "box.size")
        st.markdown(sentence)
    st.markdown("**Two numbers for every map**: how far it drifts, and what it foretells")
    rows = compute_on_demand(
        "numbers",
        sight.make_key("numbers", *names),
        "Measure max-sensitivity and infidelity",
        lambda move: _measure(sight, methods, move),
        at_once=sight.is_light,
        store=get_store(sight),
    )
    if rows is not None:
        _draw_numbers(rows)


def _compute(
    sight: Sight, methods: Sequence[Method], kind: Kind, move: Move
) -> tuple[MapSequence, str]:
    twins = compute_twins(sight.model, ask_about(sight), methods, kind, move)
    return _create_sequence(sight, methods, twins, kind), describe_twins(sight, twins, kind)


def _create_sequence(
    sight: Sight, methods: Sequence[Method], twins: Sequence[Twin], kind: Kind
) -> MapSequence:
    first = twins[0]
    photos = [encode_url(to_pixels(twin.inputs, sight.model.input_range)[0]) for twin in twins]
    panels = [
        Panel("The picture"),
        Panel("The change itself", photos=[encode_url(_magnify(sight, twin)) for twin in twins]),
    ]
    likeness = {}
    for method in methods:
        heats = [twin.heats[method.name] for twin in twins]
        overlays = [encode_heat(heat, method.is_signed) for heat in heats]
        notes = [f"for {sight.labels[twin.asked]}" for twin in twins]
        panels.append(Panel(method.label, overlays, notes))
        pairs = [compare_maps(first.heats[method.name], heat, method.is_signed) for heat in heats]
        likeness[method.label] = {
            measure.name: [pair[index] for pair in pairs] for index, measure in enumerate(MEASURES)
        }
    flipped = [i for i, twin in enumerate(twins) if twin.answer != first.answer]
    return MapSequence(
        name=f"tiny {kind} {sight.identity}",
        axis="size of the change",
        frames=[
            Frame(
                f"±{twin.epsilon:g} of 255 grey levels" if twin.epsilon else "the picture itself",
                f"{sight.describe(twin.answer, twin.probability)}. No pixel moved by more than "
                f"{twin.levels:.1f} grey levels.",
            )
            for twin in twins
        ],
        photos=photos,
        panels=panels,
        measures=MEASURES,
        series=[Series(title, values) for title, values in likeness.items()],
        first=flipped[0] if flipped else min(2, len(twins) - 1),
        is_small=sight.is_small,
        signed=[method.is_signed for method in methods],
    )


def _magnify(sight: Sight, twin: Twin) -> Pixels:
    """Return what was added to the middle, grey where nothing was, its largest at full strength."""
    black, white = sight.model.input_range
    change = (twin.inputs - sight.inputs)[0] / np.abs(white - black)  # (C, H, W)
    first = max(0, (change.shape[1] - _MIDDLE) // 2)
    change = change[:, first : first + _MIDDLE, first : first + _MIDDLE]
    top = float(np.abs(change).max()) or 1.0
    shown = np.rint(127.5 + 127.5 * change / top).astype(np.uint8).transpose(1, 2, 0)
    picture: Pixels = np.repeat(shown, 3, axis=2) if shown.shape[2] == 1 else shown
    return np.ascontiguousarray(picture)


def describe_twins(sight: Sight, twins: Sequence[Twin], kind: Kind) -> str:
    """Return one or two sentences on what the change did."""
    first = twins[0]
    flipped = next((twin for twin in twins if twin.answer != first.answer), None)
    if flipped is None:
        held = f"The answer holds up to ±{twins[-1].epsilon:g} grey levels"
        return f"{held}; whatever the maps do meanwhile, the network's answer is no reason for it."
    told = sight.describe(flipped.answer, flipped.probability)
    if kind == "random":
        return f"Even at random, ±{flipped.epsilon:g} grey levels turn the answer into {told}."
    return (
        f"**A twin:** at ±{flipped.epsilon:g} grey levels the network says **{told}** in place of "
        f"{sight.describe(first.answer, first.probability)}. Both maps look like explanations; "
        "neither tells you that one of the two answers is an attack."
    )


def _measure(sight: Sight, methods: Sequence[Method], move: Move) -> list[Row]:
    trivial = [get_method(name) for name in _TRIVIAL]
    tested = [*methods, *(each for each in trivial if each not in methods)]
    blank = create_fill(sight.model, sight.inputs, "grey")
    removals = compute_removals(
        sight.model,
        ask_about(sight),
        blank,
        progress=lambda done: move("Removing squares", done),
    )
    return [_measure_method(sight, method, removals, move) for method in tested]


def _measure_method(sight: Sight, method: Method, removals: Removals, move: Move) -> Row:
    """Return both numbers of a method, undefined where it has no map of this network."""

    def explain(inputs: Floats) -> Floats:
        question = Question(inputs, sight.target)
        params = compute_defaults(method.params)
        return method.compute_heat(method.attribute(sight.model, question, params))

    doing = f"{method.label}: moving the picture"
    name = f"{method.label} (trivial)" if method.is_baseline else method.label
    try:
        sensitivity = compute_max_sensitivity(
            explain, sight.inputs, sight.model.input_range, progress=lambda done: move(doing, done)
        )
        return name, sensitivity, compute_infidelity(removals, explain(sight.inputs))
    except UploadStopped:
        raise
    except ValueError:  # values that are not finite, or a layer for which the method has no rule
        return name, math.nan, math.nan


def _draw_numbers(rows: Sequence[Row]) -> None:
    lines = ["| Map | Max-sensitivity | Infidelity |", "|---|--:|--:|"]
    lines += [f"| {name} | {_show(drift)} | {_show(miss)} |" for name, drift, miss in rows]
    st.markdown("\n".join(lines))
    st.caption(
        "Max-sensitivity: the largest change of the map, relative to its own size, over "
        f"{DEFAULT_N_SAMPLES} pictures within ±{DEFAULT_RADIUS:g} grey levels; 0 is steady, which "
        "a map that ignores the picture is too. Infidelity: how badly the map's sums foretell the "
        f"falls of the score when {DEFAULT_N_SQUARES} squares are greyed; 0 perfectly, 1 not at "
        "all. Lower is better in both (Yeh et al. 2019), but only below the trivial rows: even a "
        "random map, positive everywhere, foretells that a larger square costs more."
    )


def _show(value: float) -> str:
    return "undefined" if math.isnan(value) else f"{value:.2f}"
