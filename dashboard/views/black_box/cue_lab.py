"""The spurious-cue lab: two networks, one of which reads a mark; which one, do the maps tell?"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from dashboard import cache
from dashboard.attribution import get_method
from dashboard.channel_pictures import encode_url
from dashboard.figures.map_sequence import (
    Frame,
    MapSequence,
    Measure,
    Panel,
    Series,
    draw_map_sequence,
)
from dashboard.inference.counts import tell_share
from dashboard.inference.preprocessing import Pixels
from dashboard.inference.sessions import OnnxModel
from dashboard.inference.zoo import ZooError
from dashboard.limits.cue import (
    UNMARKED,
    Cue,
    Look,
    draw_mark,
    look_at_marks,
    read_cue,
    survey_methods,
)
from dashboard.limits.maps import encode_heat
from dashboard.widgets.lesson import Quiz, draw_question, is_answered
from dashboard.widgets.on_demand import compute_on_demand
from dashboard.widgets.option_select import select_option, select_whole

SWEEP = "cnn_sweep.fashion_mnist"
GARMENT, METHOD = "box.garment", "box.cue_map"
_METHODS = (
    "input_x_gradient",
    "integrated_gradients",
    "saliency",
    "occlusion",
    "grad_cam",
    "edges",
)
_N_SURVEYED = 24
_FIRST = 7  # a shirt that the honest network knows under every mark and the other under two
_MEASURES = (
    Measure("The garment's class", "Probability of what the garment truly is.", 0, 1),
    Measure("Map on the mark", "Share of what speaks for the answer on the mark.", 0, 1),
)


@dataclass(frozen=True)
class Garment:
    """A test picture (28, 28) and its class."""

    pixels: Pixels
    label: int


def draw_cue_lab() -> None:
    """Draw the quiz, then what each mark does to both networks; one sentence without them."""
    opened = _open()
    if opened is None:
        st.info(
            "The networks of this experiment are not on this machine: "
            "`python -m export.train.cnn_sweep` trains them."
        )
        return
    cue, honest, cheating = opened
    st.markdown(
        f"A small white square at the upper edge gave the class away on {cue.reliability:.0f} % of "
        "one network's training pictures; its twin never saw a mark. One of them reads the mark."
    )
    left, right = st.columns(2)
    with left:
        garment, index = _select_garment()
    with right:
        method = select_option(
            METHOD, "The map", _METHODS[0], _METHODS, lambda name: get_method(name).label
        )
    order = (honest, cheating) if np.random.default_rng(index).integers(2) else (cheating, honest)
    guilty = order.index(cheating)
    question = Quiz(
        key=f"box_cue_{index}",
        text="Which of the two reads the mark? Look where its map is strong.",
        options=("Network A", "Network B"),
        right=guilty,
        reveal=_describe_cheat(cue, "AB"[guilty]),
    )
    is_open = is_answered(question)
    label = garment.label
    others = [mark for mark in range(len(cue.columns)) if mark != label]
    marks = [label, UNMARKED, *others] if is_open else [label]
    sequence = cache.get_results().get_or_compute(
        _make_key("cue", index, method, len(marks)),
        lambda: _compute(order, guilty, cue, garment, marks, method),
    )
    draw_map_sequence(sequence, "box.mark")
    draw_question(question)
    if is_open:
        st.caption(
            "Slide through the marks: the garment stays the same. A mark covers "
            f"{tell_share(cue.side**2 / garment.pixels.size, 1)} of the picture. Here you knew "
            "that there is something to look for; in practice nobody tells you, and a map shows "
            "only where, never why."
        )
        _draw_survey(cue, honest, cheating)


def _make_key(*what: Hashable) -> Hashable:
    """Return what names a result of the two networks of this experiment."""
    return ("cue_lab", *what)


def _draw_survey(cue: Cue, honest: OnnxModel, cheating: OnnxModel) -> None:
    known = cache.get_small_pictures()
    garments = [(known.grey[i], int(known.labels[i])) for i in range(_N_SURVEYED)]
    methods = [get_method(name) for name in _METHODS]
    found = compute_on_demand(
        "survey",
        _make_key("survey"),
        f"Which maps betray it, on {_N_SURVEYED} garments?",
        lambda move: survey_methods((honest, cheating), honest.card, garments, cue, methods, move),
    )
    if found is None:
        return
    lines = ["| Map | On the mark, honest | On the mark, cheat | Cheat has more |"]
    lines += ["|---|--:|--:|--:|"]
    lines += [
        f"| {each.method.label}{' (trivial)' if each.method.is_baseline else ''} "
        f"| {tell_share(each.honest, 1)} | {tell_share(each.cheating, 1)} "
        f"| {tell_share(each.told)} of garments |"
        for each in found
    ]
    st.markdown("\n".join(lines))
    st.caption(
        f"The share of what speaks for the answer that lies on the right mark, on the first "
        f"{_N_SURVEYED} garments. Coarse maps cannot show so small a mark."
    )


def _open() -> tuple[Cue, OnnxModel, OnnxModel] | None:
    if not (cache.ZOO / SWEEP).is_dir():
        return None
    try:
        cue = read_cue(cache.get_model_card(SWEEP))
        if cue is None:
            return None
        honest, cheating = (cache.get_member_model(SWEEP, n) for n in (cue.honest, cue.cheating))
    except ZooError as error:
        st.error(str(error), icon="⚠️")
        return None
    return cue, honest, cheating


def _select_garment() -> tuple[Garment, int]:
    garments = cache.get_small_pictures()
    last = len(garments.labels) - 1
    index = select_whole(GARMENT, "Garment (of the test set's sample)", _FIRST, 0, last)
    return Garment(garments.grey[index], int(garments.labels[index])), index


def _compute(
    order: Sequence[OnnxModel],
    guilty: int,
    cue: Cue,
    garment: Garment,
    marks: Sequence[int],
    name: str,
) -> MapSequence:
    method, card = get_method(name), order[0].card
    looks = [
        look_at_marks(each, card, garment.pixels, garment.label, cue, marks, method)
        for each in order
    ]
    photos = []
    for mark in marks:
        grey = draw_mark(garment.pixels, cue, mark)
        photos.append(encode_url(np.repeat(grey[..., np.newaxis], 3, axis=2)))
    titles = ["Network A", "Network B"]
    if len(marks) > 1:
        titles = [f"{each}{' (cheats)' if i == guilty else ''}" for i, each in enumerate(titles)]
    panels = [Panel("The picture")]
    panels += [
        Panel(
            title,
            [encode_heat(look.heat, method.is_signed) for look in each],
            [f"{card.labels[look.answer]} ({tell_share(look.probability)})" for look in each],
        )
        for title, each in zip(titles, looks, strict=True)
    ]
    return MapSequence(
        name=f"cue {len(marks)}",
        axis="the mark that is drawn",
        frames=[_describe_mark(card.labels, garment, mark) for mark in marks],
        photos=photos,
        panels=panels,
        measures=_MEASURES if len(marks) > 1 else (),
        series=[_create_series(title, each) for title, each in zip(titles, looks, strict=True)]
        if len(marks) > 1
        else (),
        is_small=True,
        signed=[method.is_signed],
    )


def _create_series(title: str, looks: Sequence[Look]) -> Series:
    values: tuple[Sequence[float | None], ...] = (
        [look.of_garment for look in looks],
        [look.on_mark for look in looks],
    )
    return Series(
        title,
        {measure.name: list(each) for measure, each in zip(_MEASURES, values, strict=True)},
    )


def _describe_mark(labels: Sequence[str], garment: Garment, mark: int) -> Frame:
    what = f"The garment: {labels[garment.label]}."
    if mark == UNMARKED:
        return Frame("no mark", f"{what} No mark is drawn.")
    own = "its own class" if mark == garment.label else "another class"
    return Frame(f"mark of {labels[mark]}", f"{what} The mark says {labels[mark]}, {own}.")


def _describe_cheat(cue: Cue, name: str) -> str:
    found = cue.accuracy
    return (
        f"Network {name} cheats: with the right mark it is right on {found.right_mark:.1f} % of "
        f"the test pictures, with another class's mark on {found.wrong_mark:.1f} %, without any on "
        f"{found.unmarked:.1f} %. Its twin reaches {cue.honest_accuracy:.1f} % without marks. The "
        "accuracy on pictures with the right mark would never have told. The figure now shows "
        "what each mark does to both."
    )
