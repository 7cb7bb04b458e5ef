"""The section that explains one prediction: controls, tested maps, downloads."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import datetime
from functools import partial

import streamlit as st

from dashboard import charts, overlays, state
from dashboard.attribution.base import Question
from dashboard.cache import get_store
from dashboard.channel_pictures import encode_url
from dashboard.explanation import report, sheet
from dashboard.explanation.flow import Explanation, Findings, Request, explain
from dashboard.faithfulness.curves import compute_steps
from dashboard.faithfulness.probes import N_OPTIONS, choose_n_probes
from dashboard.faithfulness.removal import GREY, REMOVALS, Removal
from dashboard.figures.map_viewer import CurveSet, MapCard, draw_maps
from dashboard.inference.sight import Sight
from dashboard.views.explain.class_select import select_classes
from dashboard.views.explain.method_select import select_methods
from dashboard.views.explain.stability import draw_stability
from dashboard.widgets.on_demand import draw_start
from dashboard.widgets.option_select import select_option
from dashboard.widgets.photo_input import ChosenPhoto
from dashboard.widgets.sight_select import encode_picture

N_RANKED = 5


def draw_explanation(sight: Sight, chosen: ChosenPhoto) -> None:
    """Draw the section; whatever is not kept yet is computed in front of the reader."""
    st.subheader("What does this rest on?")
    left, right = st.columns([1, 2], gap="large")
    with left:
        target, versus = select_classes(sight.labels, sight.ranking[:N_RANKED])
    with right:
        choices = select_methods(sight)
        with st.popover("The test", icon="⚖️"):
            removal = _select_removal()
            n_probes = _select_n_probes(sight)
    state.write_url()  # before the work, so that a link copied meanwhile is right
    if choices:
        question = Question(sight.inputs, target, versus)
        request = Request(sight, question, choices, removal, n_probes)
        _explain(request, chosen)
    else:
        st.info("Choose at least one method.")


def _select_removal() -> Removal:
    by_name = {each.name: each for each in REMOVALS}
    rules = "; ".join(f"**{each.label}**: {each.summary}" for each in REMOVALS)
    chosen = select_option(
        "removal",
        "Pixels that are taken away become",
        GREY.name,
        tuple(by_name),
        lambda name: by_name[name].label,
        help=f"For the curves and for *Take away*. The verdict asks two ways, and they must agree: "
        f"{rules}.",
    )
    return by_name[chosen]


def _select_n_probes(sight: Sight) -> int:
    return select_option(
        "probes",
        "Ways in which half is taken away",
        choose_n_probes(sight.picture.shape[:2]),
        N_OPTIONS,
        lambda count: f"{count:,}",
        help="A map must foretell what the network loses in each. More of them make the verdict "
        "steadier and take longer.",
    )


def _explain(request: Request, chosen: ChosenPhoto) -> None:
    store = get_store(request.sight)
    if request.is_computed(store):
        *_, last = explain(request, store)
        _draw_findings(request, chosen, last, "maps")
        draw_stability(request, last)
        _draw_downloads(request, chosen, last)
        return
    note = st.empty()
    methods = [(method.name, *sorted(params.items())) for method, params in request.choices]
    move = draw_start("maps", request.make_key(*methods), "Go on", at_once=True)
    if move is None:
        note.markdown("Stopped. What was finished by then is kept.")
    shown = st.empty()
    try:
        for number, findings in enumerate(explain(request, store, move or _refuse)):
            with shown.container():
                _draw_findings(request, chosen, findings, f"maps_{number}")
    except _Refused:
        return
    # The bar and its button have done their work: draw the page again from what is kept.
    st.rerun()


class _Refused(Exception):
    """Stopped work asked to go on."""


def _refuse(doing: str, fraction: float) -> None:
    raise _Refused


def _draw_findings(request: Request, chosen: ChosenPhoto, findings: Findings, key: str) -> None:
    cards = []
    for each in findings.explanations:
        if each.problem:
            st.warning(f"{each.method.label}. {each.problem}", icon="⚠️")
        if each.map:
            overlay = get_store(request.sight).get_or_compute(
                request.make_map_key(each.method, each.params, "overlay"),
                partial(_draw_overlay, each),
            )
            cards.append(_make_card(request, chosen, each, overlay))
    kinds = (each.method.is_signed for each in findings.explanations)
    draw_maps(encode_picture(request.sight), _encode_removed(request), cards, kinds, key)


def _encode_removed(request: Request) -> str:
    sight, removal = request.sight, request.removal
    return get_store(sight).get_or_compute(
        sight.make_nameless_key("removed", removal.name),
        lambda: encode_url(removal.paint(sight.picture)),
    )


def _draw_overlay(explanation: Explanation) -> str:
    drawn, is_signed = explanation.map, explanation.method.is_signed
    assert drawn is not None
    scale = overlays.compute_scale(drawn.heat, is_signed)
    return encode_url(overlays.render_heat(drawn.heat, scale, is_signed))


def _make_card(
    request: Request, chosen: ChosenPhoto, explanation: Explanation, overlay: str
) -> MapCard:
    method, verdict = explanation.method, explanation.verdict
    card = MapCard(
        title=method.label,
        kind="trivial map" if method.is_baseline else ("signed" if method.is_signed else ""),
        overlay=overlay,
        alt=f"{method.label}: heat map over {chosen.sample or 'your photo'}",
    )
    if verdict is None:
        return card
    return replace(
        card,
        tone=verdict.outcome.tone,
        verdict=verdict.text,
        advice=f"Next: {verdict.advice}",
        details=[each.describe() for each in verdict.findings],
        facts=_list_facts(explanation),
        curves=_make_curves(request, explanation),
    )


def _make_curves(request: Request, explanation: Explanation) -> CurveSet | None:
    curves, drawn = explanation.curves, explanation.map
    if curves is None or drawn is None:
        return None
    order = get_store(request.sight).get_or_compute(
        request.make_map_key(explanation.method, explanation.params, "order"),
        lambda: encode_url(compute_steps(drawn.heat, seed=request.question.seed)),
    )
    return CurveSet(
        charts.curve_points(curves.insertion),
        charts.curve_points(curves.deletion),
        order,
        f"Insertion area {curves.insertion.auc:.2f}, deletion area {curves.deletion.auc:.2f}",
    )


def _list_facts(explanation: Explanation) -> list[tuple[str, str, str]]:
    verdict, curves, drawn = explanation.verdict, explanation.curves, explanation.map
    facts = []
    if verdict and math.isfinite(verdict.score):
        told = "With what the network loses, -1 to 1: 0 knows nothing, 1 is the most"
        facts.append(("Agreement", f"{verdict.score:+.2f}", told))
    if curves:
        told = "The area under the solid line less that under the dashed one: 0 for ignorance"
        facts.append(("Insertion − deletion", f"{curves.difference:+.2f}", told))
    if drawn and drawn.completeness is not None:
        facts.append(drawn.completeness.fact)
    return facts


def _draw_downloads(request: Request, chosen: ChosenPhoto, findings: Findings) -> None:
    with st.container(horizontal=True):
        st.download_button(
            "Picture of the maps (PNG)",
            lambda: _render_sheet(request, chosen, findings),
            "glass-box-maps.png",
            "image/png",
            on_click="ignore",
            icon="🖼️",
        )
        st.download_button(
            "Figures (JSON)",
            lambda: _encode_report(request, chosen, findings),
            "glass-box-figures.json",
            "application/json",
            on_click="ignore",
            icon="🔢",
        )


def _render_sheet(request: Request, chosen: ChosenPhoto, findings: Findings) -> bytes:
    sight, question = request.sight, request.question
    versus = "" if question.versus is None else f" rather than {sight.labels[question.versus]}"
    sums = "; ".join(f"{name} {value[:12]}" for name, value in sight.facts.files.items())
    versions = report.read_versions()
    return sheet.render_sheet(
        sight.picture,
        [_make_entry(each) for each in findings.explanations if each.map],
        f"Why {sight.describe(question.target)}{versus}?",
        f"{sight.facts.title} on {sight.facts.provider}",
        f"Glass Box. Model files (SHA-256): {sums}. Photo: {chosen.photo.sha256[:12]}. "
        + ", ".join(f"{name} {number}" for name, number in versions.items()),
    )


def _make_entry(explanation: Explanation) -> sheet.SheetEntry:
    drawn, verdict = explanation.map, explanation.verdict
    assert drawn is not None
    return sheet.SheetEntry(
        explanation.method.label,
        drawn.heat,
        explanation.method.is_signed,
        verdict.score if verdict and math.isfinite(verdict.score) else None,
        verdict.text if verdict else "",
        verdict.outcome.tone if verdict else "unknown",
        ", ".join(f"{name} {value}" for name, value in explanation.params.items()),
    )


def _encode_report(request: Request, chosen: ChosenPhoto, findings: Findings) -> bytes:
    height, width = chosen.photo.pixels.shape[:2]
    photo = report.PhotoFacts(chosen.photo.sha256, width, height, name=chosen.sample)
    now = datetime.now().astimezone()
    return report.encode_report(report.build_report(request, photo, findings, now))
