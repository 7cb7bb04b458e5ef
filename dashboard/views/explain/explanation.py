"""The section that explains one prediction: controls, tested maps, downloads."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import partial

import numpy as np
import streamlit as st

from dashboard import charts, overlays, state
from dashboard.attribution.base import Question
from dashboard.cache import get_store
from dashboard.channel_pictures import encode_url
from dashboard.explanation import report, sheet
from dashboard.explanation.flow import Explanation, Findings, Request, explain
from dashboard.faithfulness.completeness import Completeness
from dashboard.faithfulness.curves import Curve
from dashboard.figures.map_viewer import CurveSet, MapCard, draw_maps
from dashboard.inference.counts import tell_share
from dashboard.inference.sight import Sight
from dashboard.views.explain.class_select import select_classes
from dashboard.views.explain.method_select import select_methods
from dashboard.widgets.on_demand import draw_start
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
        choices = select_methods(sight.model)
    state.write_url()  # before the work, so that a link copied meanwhile is right
    if choices:
        request = Request(sight, Question(sight.inputs, target, versus), choices)
        _explain(request, chosen)
    else:
        st.info("Choose at least one method.")


def _explain(request: Request, chosen: ChosenPhoto) -> None:
    store = get_store(request.sight)
    if request.is_computed(store):
        *_, last = explain(request, store)
        _draw_findings(request, chosen, last, "maps")
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
            cards.append(_make_card(chosen, each, findings, overlay))
    kinds = (each.method.is_signed for each in findings.explanations)
    draw_maps(encode_picture(request.sight), cards, kinds, key)


def _draw_overlay(explanation: Explanation) -> str:
    drawn, is_signed = explanation.map, explanation.method.is_signed
    assert drawn is not None
    scale = overlays.compute_scale(drawn.heat, is_signed)
    return encode_url(overlays.render_heat(drawn.heat, scale, is_signed))


def _make_card(
    chosen: ChosenPhoto, explanation: Explanation, findings: Findings, overlay: str
) -> MapCard:
    method = explanation.method
    card = MapCard(
        title=method.label,
        kind="trivial map" if method.is_baseline else ("signed" if method.is_signed else ""),
        overlay=overlay,
        alt=f"{method.label}: heat map over {chosen.sample or 'your photo'}",
    )
    if explanation.score is None or explanation.verdict is None or findings.baselines is None:
        return card
    score, verdict = explanation.score, explanation.verdict
    curves = CurveSet(
        charts.curve_points(score.insertion),
        charts.curve_points(score.deletion),
        [charts.curve_points(each) for each in _average_random(findings)],
        f"Insertion area {score.insertion.auc:.2f}, deletion area {score.deletion.auc:.2f}",
    )
    return replace(
        card,
        tone=verdict.level.tone,
        verdict=verdict.text,
        facts=_list_facts(explanation),
        curves=curves,
    )


def _average_random(findings: Findings) -> list[Curve]:
    """Return the mean insertion and the mean deletion curve of the random maps."""
    assert findings.baselines is not None
    kinds = (
        [each.insertion for each in findings.baselines.random],
        [each.deletion for each in findings.baselines.random],
    )
    return [
        Curve(curves[0].fractions, tuple(np.mean([c.probabilities for c in curves], axis=0)))
        for curves in kinds
    ]


def _list_facts(explanation: Explanation) -> list[tuple[str, str, str]]:
    score, drawn = explanation.score, explanation.map
    assert score is not None and drawn is not None
    facts = [
        ("Score", f"{score.score:+.2f}", "Insertion minus deletion, -1 to 1: higher is better"),
        ("Insertion", f"{score.insertion.auc:.2f}", "Area under the solid line: higher is better"),
        ("Deletion", f"{score.deletion.auc:.2f}", "Area under the dashed line: lower is better"),
    ]
    if explanation.verdict and explanation.verdict.detail:
        facts[0] = (*facts[0][:2], explanation.verdict.detail)
    if drawn.completeness is not None:
        facts.append(_describe_gap(drawn.completeness))
    return facts


def _describe_gap(completeness: Completeness) -> tuple[str, str, str]:
    gap = "undefined" if completeness.gap is None else tell_share(completeness.gap, 1)
    return ("Completeness gap", gap, completeness.text)


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
    drawn, score, verdict = explanation.map, explanation.score, explanation.verdict
    assert drawn is not None
    return sheet.SheetEntry(
        explanation.method.label,
        drawn.heat,
        explanation.method.is_signed,
        score.score if score else None,
        verdict.text if verdict else "",
        verdict.level.tone if verdict else "unknown",
        ", ".join(f"{name} {value}" for name, value in explanation.params.items()),
    )


def _encode_report(request: Request, chosen: ChosenPhoto, findings: Findings) -> bytes:
    height, width = chosen.photo.pixels.shape[:2]
    photo = report.PhotoFacts(chosen.photo.sha256, width, height, name=chosen.sample)
    now = datetime.now().astimezone()
    return report.encode_report(report.build_report(request, photo, findings, now))
