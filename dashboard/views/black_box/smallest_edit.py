"""The smallest edit that changes the answer, searched piece by piece."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from dashboard import charts
from dashboard.attribution.base import Method, ask_about, load_libraries
from dashboard.attribution.fill import FILLS, create_fill
from dashboard.cache import get_store
from dashboard.channel_pictures import encode_url
from dashboard.figures.map_sequence import (
    Frame,
    MapSequence,
    Measure,
    Panel,
    Series,
    draw_map_sequence,
)
from dashboard.inference.counts import tell_count, tell_share
from dashboard.inference.preprocessing import to_pixels
from dashboard.inference.probability import compute_probability
from dashboard.inference.sight import Sight
from dashboard.limits.counterfactual import (
    MAX_SHARE,
    Edit,
    Pieces,
    count_until_flip,
    cut_pieces,
    find_edit,
    order_by_map,
)
from dashboard.limits.maps import draw_heats
from dashboard.widgets.on_demand import Move, compute_on_demand
from dashboard.widgets.option_select import select_option
from dashboard.widgets.sight_select import encode_picture

FILL = "box.fill"
_FILLS = ("blurred", *(each for each in FILLS if each != "blurred"))
_N_RANDOM = 5
_MEASURE = Measure("Probability", "What the network gives each of the two classes.", 0, 1)


@dataclass(frozen=True)
class Found:
    """The search as it is scrubbed, its result in a sentence, and the shares that others need."""

    sequence: MapSequence
    sentence: str
    orders: tuple[tuple[str, float | None], ...]


def draw_smallest_edit(sight: Sight, methods: Sequence[Method]) -> None:
    """Draw the search, and how much more must go in the order of a map or at random."""
    fill = select_option(FILL, "What a piece is replaced by", _FILLS[0], _FILLS, str)
    found = compute_on_demand(
        "edit",
        sight.make_key("edit", fill, *(method.name for method in methods)),
        "Search the smallest edit",
        lambda move: _search(sight, methods, fill, move),
        at_once=sight.is_light,
        store=get_store(sight),
    )
    if found is None:
        return
    draw_map_sequence(found.sequence, "box.gone")
    st.markdown(found.sentence)
    rows = [f"| {name} | {_show(share)} |" for name, share in found.orders]
    lines = ["| Pieces taken away | Share of the picture gone at the flip |", "|---|--:|", *rows]
    st.markdown("\n".join(lines))
    st.caption(
        "A map whose order needs hardly less than a random one does not tell where the answer "
        "hangs. The search is greedy: what it finds cannot lose a piece, and still may not be the "
        "smallest of all; and a network has never been trained on pictures with holes."
    )


def _search(sight: Sight, methods: Sequence[Method], fill: str, move: Move) -> Found:
    load_libraries(("scipy.ndimage",))
    blank = create_fill(sight.model, sight.inputs, fill)
    pieces = cut_pieces(sight.model, sight.inputs)
    question = ask_about(sight)
    search = find_edit(sight.model, question, blank, pieces, move)
    count = int(pieces.max()) + 1

    def need(order: Sequence[int]) -> float | None:
        return count_until_flip(sight.model, question, blank, pieces, order)

    smallest = search.smallest
    area = None if smallest is None else float(np.isin(pieces, smallest.removed).mean())
    orders: list[tuple[str, float | None]] = [("searched, as above", area)]
    for index, (name, heat) in enumerate(draw_heats(sight.model, question, methods).items()):
        move("Taking pieces away in the order of a map", index / len(methods))
        label = next(method.label for method in methods if method.name == name)
        share = None if heat is None else need(order_by_map(heat, pieces))
        orders.append((f"in the order of {label}", share))
    move("Taking pieces away at random", 0.0)
    draws = [
        need(np.random.default_rng(seed).permutation(count).tolist()) for seed in range(_N_RANDOM)
    ]
    flips = [share for share in draws if share is not None]
    mean = float(np.mean(flips)) if flips else None
    orders.append((f"at random, mean of {tell_count(len(flips), 'order')}", mean))
    edits = [*search.edits, *([smallest] if smallest else [])]
    sequence = _create_sequence(sight, edits, pieces)
    return Found(sequence, _describe(sight, smallest, area, count), tuple(orders))


def _create_sequence(sight: Sight, edits: Sequence[Edit], pieces: Pieces) -> MapSequence:
    end = edits[-1].answer
    frames = []
    for edit in edits:
        p = float(compute_probability(edit.logits[None], edit.answer)[0])
        title = (
            f"{tell_count(len(edit.removed), 'piece')} gone"
            if edit.removed
            else "the whole picture"
        )
        frames.append(Frame(title, f"The network says {sight.describe(edit.answer, p)}."))
    classes = list(dict.fromkeys((sight.target, end)))
    return MapSequence(
        name=f"edit {sight.identity}",
        axis="pieces taken away; last: those put back that are not needed",
        frames=frames,
        photos=[encode_url(to_pixels(edit.inputs, sight.model.input_range)[0]) for edit in edits],
        panels=[
            Panel("What the network sees"),
            Panel(
                "What was taken away",
                [_tint(np.isin(pieces, edit.removed)) for edit in edits],
                [
                    f"{tell_share(np.isin(pieces, edit.removed).mean())} of the picture"
                    for edit in edits
                ],
                [encode_picture(sight)],
            ),
        ],
        measures=(_MEASURE,),
        series=[
            Series(
                sight.labels[index],
                {
                    _MEASURE.name: [
                        round(float(compute_probability(edit.logits[None], index)[0]), 4)
                        for edit in edits
                    ]
                },
            )
            for index in classes
        ],
        first=len(edits) - 1,
        is_small=sight.is_small,
    )


def _tint(gone: NDArray[np.bool_]) -> str:
    """Return the URL of a see-through picture that colours what is gone (H, W)."""
    orange = [int(charts.ORANGE[i : i + 2], 16) for i in (1, 3, 5)]
    return encode_url(np.where(gone[..., np.newaxis], [*orange, 220], 0).astype(np.uint8))


def _describe(sight: Sight, smallest: Edit | None, area: float | None, count: int) -> str:
    answer = sight.labels[sight.target]
    if smallest is None or area is None:
        return (
            f"No edit was found that changes the answer **{answer}** with at most "
            f"{tell_share(MAX_SHARE)} of the picture gone."
        )
    new = sight.labels[smallest.answer]
    return (
        f"**{answer}** becomes **{new}** without {len(smallest.removed)} of {count} pieces, "
        f"{tell_share(area)} of the picture. The answer hangs on these places: put any "
        f"one of them back and {answer} returns."
    )


def _show(share: float | None) -> str:
    return "never flips" if share is None else tell_share(share)
